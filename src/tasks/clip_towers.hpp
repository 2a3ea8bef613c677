// What CLIP's classes consist of: each tower with its projection to the common space.
#pragma once

#include <span>
#include <vector>

#include "blip/clip.hpp"
#include "model/pre_norm_text_model.hpp"
#include "model/vision_model.hpp"
#include "model/weight_loader.hpp"

namespace blip {

struct ClipImages {
  VisionModel vision;
  Linear projection;  // [P, E], no bias

  ClipImages(WeightLoader& loader, const CLIPConfig& config);

  /// The class tokens' norm and projection: → [images, P]
  [[nodiscard]] Tensor features(std::span<const EncodedImage> images, Context& context) const;
};

struct ClipTexts {
  PreNormTextModel text;
  Linear projection;  // [P, H], no bias
  TokenId eos;

  ClipTexts(WeightLoader& loader, const CLIPConfig& config);

  /// The projection of the state of each text's end: → [texts, P]
  [[nodiscard]] Tensor features(std::span<const std::vector<TokenId>> texts,
                                Context& context) const;
};

}  // namespace blip
