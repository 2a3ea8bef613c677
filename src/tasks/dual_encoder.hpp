// DualEncoder: a model that embeds images and texts in one space, whatever its architecture. It is
// under `match`, `embed` and `rank`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/grad_cam.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/text_style.hpp"
#include "blip/tokenizer.hpp"
#include "tasks/image_classifier.hpp"

namespace blip {

/// What an image-text matching head says of a pair.
struct Matching {
  float logit = 0.0F;        ///< of the class "match"
  float probability = 0.0F;  ///< of it
};

/// What makes scores of the cosines of an image and some labels: scores_of(scale * cosine + bias).
struct LabelSimilarity {
  float scale = 1.0F;
  float bias = 0.0F;
  LabelScores scores = LabelScores::softmax;
};

/// Immutable after loading: every member is const and may be called from many threads at once, each
/// with its own Context. Pictures are prepared by the model's ImageProcessor
/// (architectures/registry.hpp: open_image_processor).
class DualEncoder {
 public:
  DualEncoder() = default;
  virtual ~DualEncoder() = default;
  DualEncoder(const DualEncoder&) = delete;
  DualEncoder& operator=(const DualEncoder&) = delete;

  /// The name of the class that was loaded, "BlipForImageTextRetrieval".
  [[nodiscard]] virtual std::string_view architecture() const noexcept = 0;
  /// Whether `match` may be called.
  [[nodiscard]] virtual bool has_matching_head() const noexcept { return false; }
  /// Whether texts can be read in this style; every model has TextStyle::hf.
  [[nodiscard]] virtual bool has_style(TextStyle style) const noexcept {
    return style == TextStyle::hf;
  }

  /// As the model was trained to compare images with texts.
  [[nodiscard]] virtual LabelSimilarity label_similarity() const noexcept { return {}; }

  /// Throws unsupported for a model that reads no texts.
  [[nodiscard]] virtual const Tokenizer& tokenizer() const;
  /// The token ids of a text in a style that the model has: [T], padded only where the model was
  /// trained so. Throws as
  /// tokenizer() does.
  [[nodiscard]] virtual std::vector<TokenId> tokens(std::string_view text, TextStyle style) const;

  /// The longest text that can be read in a style, in tokens. A model that shortens longer ones has
  /// no limit.
  [[nodiscard]] virtual int max_tokens(TextStyle style) const;
  /// How many tokens of a text are read: what `tokens` shortens it to, or else what is not refused.
  [[nodiscard]] virtual std::size_t context_length() const;

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] virtual std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                                Context& context) const = 0;

  /// Of unit length: → [images, D]
  [[nodiscard]] virtual Tensor embed_images(std::span<const EncodedImage> images,
                                            Context& context) const = 0;
  /// Of unit length: texts, as `tokens` made them → [texts, D]. Throws as tokenizer() does.
  [[nodiscard]] virtual Tensor embed_texts(std::span<const std::vector<TokenId>> texts,
                                           TextStyle style, Context& context) const;

  /// One image with each of the texts. Throws unsupported without a matching head.
  [[nodiscard]] virtual std::vector<Matching> match(const EncodedImage& image,
                                                    std::span<const std::vector<TokenId>> texts,
                                                    TextStyle style, Context& context) const;

  /// Where the matching head makes the model look for each word of a text, as
  /// BlipForImageTextRetrieval::grad_cam. Throws unsupported without a matching head.
  [[nodiscard]] virtual GradCam grad_cam(const EncodedImage& image,
                                         const std::vector<TokenId>& text, TextStyle style,
                                         const GradCamOptions& options, Context& context) const;
};

enum class MatchingHead { optional, required };

/// The dual encoder in `model`, which is a model directory, a checkpoint file, a hub id or the name
/// of a bundled model. It reads texts by the tokenizer of `processor`, another model, if one is
/// named. Throws unsupported for a model that is none or that lacks the matching head
/// that is required, or whatever reading the files throws.
std::shared_ptr<const DualEncoder> open_dual_encoder(
    const std::filesystem::path& model, const LoadOptions& options,
    MatchingHead matching_head = MatchingHead::optional,
    const std::filesystem::path& processor = {});

}  // namespace blip
