// BlipForConditionalGeneration: describes an image, optionally continuing a text prompt.
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

namespace blip {

/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
class BLIP_API BlipForConditionalGeneration {
 public:
  /// `model` is a model directory, a checkpoint file, a hub id or the name of a bundled model.
  /// Throws missing_tensor or shape_mismatch naming the tensor, or whatever reading the files
  /// throws.
  static BlipForConditionalGeneration from_pretrained(const std::filesystem::path& model,
                                                      const LoadOptions& options = {});

  /// Token ids per image (`num_return_sequences` consecutive rows for each), as
  /// transformers' `generate`, but never padded. Pixel values of another size than the model's
  /// interpolate the position embeddings (transformers' `interpolate_pos_encoding=True`).
  /// Without a Context it uses one that belongs to the calling thread: made at the thread's first
  /// such call, with all cores, and kept until the thread ends.
  [[nodiscard]] std::vector<std::vector<TokenId>> generate(
      const BlipInputs& inputs, const GenerationOptions& options = {}) const;
  [[nodiscard]] std::vector<std::vector<TokenId>> generate(const BlipInputs& inputs,
                                                           const GenerationOptions& options,
                                                           Context& context) const;
  /// The same with scores.
  [[nodiscard]] std::vector<GeneratedSequence> generate_sequences(
      const BlipInputs& inputs, const GenerationOptions& options, Context& context,
      const GenerationCallbacks& callbacks = {}) const;

  /// For images encoded before. `prompts` is empty or has a row for each image: token ids
  /// [CLS] … [SEP].
  [[nodiscard]] std::vector<GeneratedSequence> generate_sequences(
      std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> prompts,
      const GenerationOptions& options, Context& context,
      const GenerationCallbacks& callbacks = {}) const;

  /// For captions of many callers that come and go: continuous batching.
  [[nodiscard]] BlipGenerationSession start_session() const;

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// Image features: pixel_values [B, 3, H, W] → last_hidden_state [B, N, E].
  [[nodiscard]] Tensor image_features(TensorView pixel_values, Context& context) const;

  /// Next-token logits at every position of one text, teacher-forced:
  /// image_embeds [N, E], input_ids [T] → [T, V].
  [[nodiscard]] Tensor logits(TensorView image_embeds, const std::vector<TokenId>& input_ids,
                              Context& context) const;

  /// Where the model looked for each token that it generated. `sequence` is a
  /// GeneratedSequence::ids, the first `prompt` tokens of which, the start token included, were
  /// given. For each of the others but a stop token at the end, F is its log-probability after
  /// those before it (of the model itself, before penalties and temperatures), and A is the
  /// attention of the token before it, after which it was chosen. GradCam::score is the sum of all
  /// F. Throws invalid_argument for a prompt of 0 tokens or longer than the sequence.
  [[nodiscard]] GradCam grad_cam(const EncodedImage& image, const std::vector<TokenId>& sequence,
                                 std::size_t prompt, const GradCamOptions& options,
                                 Context& context) const;

  [[nodiscard]] const BlipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit BlipForConditionalGeneration(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
