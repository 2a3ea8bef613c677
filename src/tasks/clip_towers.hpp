// What CLIP's classes consist of: each tower, and where there is one its projection to the common
// space.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "blip/clip.hpp"
#include "model/pre_norm_text_model.hpp"
#include "model/vision_model.hpp"
#include "model/weight_loader.hpp"

namespace blip {

struct ClipImages {
  VisionModel vision;
  std::optional<Linear> projection;  // [P, E], no bias

  /// Without a projection_dim, P, the tower is alone, and its tensors may have their prefix or not.
  ClipImages(WeightLoader& loader, const CLIPVisionConfig& config,
             std::optional<std::int64_t> projection_dim);

  /// The class tokens' norm: → [images, E]
  [[nodiscard]] Tensor pooled(std::span<const EncodedImage> images) const;

  /// The class tokens' norm and projection: → [images, P]
  [[nodiscard]] Tensor features(std::span<const EncodedImage> images, Context& context) const;
};

struct ClipTexts {
  PreNormTextModel text;
  std::optional<Linear> projection;  // [P, H], no bias
  TokenId eos;

  /// As the above.
  ClipTexts(WeightLoader& loader, const CLIPTextConfig& config,
            std::optional<std::int64_t> projection_dim);

  /// The state of each text's end: → [texts, H]
  [[nodiscard]] Tensor pooled(std::span<const std::vector<TokenId>> texts, Context& context) const;
  /// The states of every token: → [T, H]
  [[nodiscard]] Tensor states(std::span<const TokenId> text, Context& context) const;
  /// The projection of the state of each text's end: → [texts, P]
  [[nodiscard]] Tensor features(std::span<const std::vector<TokenId>> texts,
                                Context& context) const;
};

/// A scalar, or of one element. A logarithm. Throws as checked_logit_scale.
[[nodiscard]] float load_clip_logit_scale(WeightLoader& loader);

}  // namespace blip
