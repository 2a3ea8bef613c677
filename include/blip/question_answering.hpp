// BlipForQuestionAnswering: answers questions about images, in free text or from a list.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/generation.hpp"
#include "blip/generation_session.hpp"
#include "blip/grad_cam.hpp"
#include "blip/load_options.hpp"
#include "blip/processor.hpp"
#include "blip/text_style.hpp"

namespace blip {

struct RankOptions {
  /// Answers that are scored as a whole: those whose first token is likeliest. The paper's k_test.
  int k = 128;
  TextStyle style = TextStyle::hf;
};

struct RankedAnswer {
  std::size_t answer = 0;  ///< its index in the list
  /// Minus the summed, label-smoothed (0.1) cross-entropy of its tokens: higher is likelier.
  float score = 0.0F;
  /// The summed log-probability of its tokens, [SEP] included: without label smoothing, as
  /// GeneratedSequence::log_probability() of an answer in the model's own words.
  float log_probability = 0.0F;
  float mean_log_probability = 0.0F;  ///< the same over the number of tokens
};

/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
///
/// Images and questions pair up; a single image goes with all questions, a single question with all
/// images. Questions are token ids, [CLS] … [SEP], unpadded, of any lengths. A row does not depend
/// on others.
class BLIP_API BlipForQuestionAnswering {
 public:
  /// `model` is a model directory, a checkpoint file, a hub id or the name of a bundled model.
  /// Throws missing_tensor or shape_mismatch naming the tensor, or whatever reading the files
  /// throws.
  static BlipForQuestionAnswering from_pretrained(const std::filesystem::path& model,
                                                  const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// Answers as token ids, [DEC] first: num_return_sequences consecutive rows for each question, as
  /// transformers' `generate`, but never padded.
  /// Without a Context it uses one that belongs to the calling thread: made at the thread's first
  /// such call, with all cores, and kept until the thread ends.
  [[nodiscard]] std::vector<std::vector<TokenId>> generate(
      const BlipInputs& inputs, const GenerationOptions& options = {}) const;
  [[nodiscard]] std::vector<std::vector<TokenId>> generate(const BlipInputs& inputs,
                                                           const GenerationOptions& options,
                                                           Context& context) const;
  /// The same with scores, for images encoded before.
  [[nodiscard]] std::vector<GeneratedSequence> generate_sequences(
      std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> questions,
      const GenerationOptions& options, TextStyle style, Context& context,
      const GenerationCallbacks& callbacks = {}) const;

  /// For questions of many callers that come and go: continuous batching. Every question is encoded
  /// when it is added, by itself.
  [[nodiscard]] BlipGenerationSession start_session(TextStyle style = TextStyle::hf) const;

  /// For each question the `k` answers whose first token is likeliest, best first: the paper's
  /// inference ("rank"), which transformers does not have. `answers` are token ids, [CLS] … [SEP].
  [[nodiscard]] std::vector<std::vector<RankedAnswer>> rank_answers(
      std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> questions,
      std::span<const std::vector<TokenId>> answers, const RankOptions& options,
      Context& context) const;

  /// What the decoder reads of a question about an image: → [T, H].
  [[nodiscard]] Tensor question_states(const EncodedImage& image,
                                       const std::vector<TokenId>& question, TextStyle style,
                                       Context& context) const;
  /// Next-token logits at every position of an answer, teacher-forced:
  /// question_states: [T, H], answer: [A] → [A, V].
  [[nodiscard]] Tensor logits(TensorView question_states, const std::vector<TokenId>& answer,
                              Context& context) const;

  /// Where the model looked for each token of an answer, [DEC] first, as generate_sequences returns
  /// it. F is the token's log-probability after those before it. Only the question reads the image,
  /// so A is the question's attention, and a map is the mean over the tokens of the question but
  /// for its first and last. A stop token at the end has no map. GradCam::score is the sum of
  /// all F.
  [[nodiscard]] GradCam grad_cam(const EncodedImage& image, const std::vector<TokenId>& question,
                                 const std::vector<TokenId>& answer, TextStyle style,
                                 const GradCamOptions& options, Context& context) const;

  [[nodiscard]] const BlipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit BlipForQuestionAnswering(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
