// What the classes' grad_cam functions have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "blip/config.hpp"
#include "blip/encoded_image.hpp"
#include "blip/grad_cam.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/grad_cam.hpp"
#include "model/text_activations.hpp"
#include "model/text_gradients.hpp"

namespace blip {

/// A GradCam while it is made: a map for each of some tokens, zero at first.
class GradCamMaps {
 public:
  /// Throws invalid_argument for a layer or head that the model does not have, or an image whose
  /// patches make no rectangle.
  GradCamMaps(std::span<const TokenId> tokens, const EncodedImage& image,
              const GradCamOptions& options, const BlipTextConfig& config);

  [[nodiscard]] std::int64_t layer() const noexcept { return layer_; }

  /// gradients: [L, heads, T, N], of the probabilities with which `text` attends to the image
  [[nodiscard]] GradCamRows rows_of(const TextActivations& text, std::span<const float> gradients,
                                    const CrossAttentionCache& image) const;

  /// The map of a token: [rows * columns]
  [[nodiscard]] std::span<float> map(std::size_t token);

  [[nodiscard]] GradCam finish(double score) &&;

 private:
  std::int64_t layer_;
  std::optional<std::int64_t> head_;
  std::int64_t heads_;
  std::size_t patches_;
  GradCam result_;
};

/// The tokens of `sequence` after the first `given`, without a stop token at the end, each with the
/// place of the one before it.
std::vector<ChosenToken> chosen_tokens(std::span<const TokenId> sequence, std::size_t given,
                                       const BlipTextConfig& config);

std::vector<TokenId> ids_of(std::span<const ChosenToken> tokens);

/// How many losses go back through a text of so many tokens together.
std::size_t losses_together(std::int64_t tokens);

}  // namespace blip
