// Embedder: pictures and texts in, vectors of one space out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/images/image_batch.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "tasks/dual_encoder.hpp"

namespace blip::app {

/// A text as token ids.
using Tokens = std::vector<TokenId>;

/// Texts that go through the text model together: enough to read its weights seldom.
inline constexpr std::size_t kTextsTogether = 256;

/// Called between two parts of a long list of texts, so that others may use the processor. May
/// throw to end it.
using Pause = std::function<void()>;

/// Of unit length: texts, as the model's `tokens` makes them → [texts, D]. Any number: they go
/// through the model in parts. Throws blip::Error.
Tensor embed_texts(const DualEncoder& model, std::span<const Tokens> texts, TextStyle style,
                   Context& context, const Pause& pause = {});

/// A dual encoder with the pictures it reads and the style that its texts are read in. Immutable
/// after construction: every member may be called from many threads at once, each with its own
/// Context. All throw blip::Error.
class Embedder {
 public:
  /// Throws unsupported for a model that lacks the matching head that is required.
  Embedder(const ModelOptions& model, TextStyle style,
           MatchingHead matching_head = MatchingHead::optional);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }
  [[nodiscard]] TextStyle style() const noexcept { return style_; }
  [[nodiscard]] const DualEncoder& model() const noexcept { return *model_; }

  [[nodiscard]] std::vector<Tokens> tokens(std::span<const std::string> texts) const;
  /// The longest text that can be read, in tokens.
  [[nodiscard]] int max_tokens() const { return model_->max_tokens(style_); }

  [[nodiscard]] std::vector<EncodedImage> encode(Images images, Context& context) const;

  // Of unit length.

  /// → [images, D]
  [[nodiscard]] Tensor embed(std::span<const EncodedImage> images, Context& context) const;
  /// texts, as `tokens` made them → [texts, D]
  [[nodiscard]] Tensor embed(std::span<const Tokens> texts, Context& context,
                             const Pause& pause = {}) const;

  /// One image with each of the texts.
  [[nodiscard]] std::vector<Matching> match(const EncodedImage& image,
                                            std::span<const Tokens> texts, Context& context) const;

  /// Where the matching head makes the model look for each word of the text.
  [[nodiscard]] GradCam grad_cam(const EncodedImage& image, const Tokens& text,
                                 const GradCamOptions& options, Context& context) const;

 private:
  TextStyle style_;
  PictureReader pictures_;
  std::shared_ptr<const DualEncoder> model_;
};

}  // namespace blip::app
