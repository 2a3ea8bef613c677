// The two towers and their projections into one space: what contrastive learning trains, once as
// the model and once as the momentum copy that follows it.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "train/model/layers.hpp"
#include "train/model/model_options.hpp"
#include "train/model/text_transformer.hpp"
#include "train/model/vision_transformer.hpp"

namespace blip::train {

/// torch's normalize: x / max(‖x‖, 1e-12). x: [B, D] → [B, D]
torch::Tensor to_unit_length(const torch::Tensor& x);

struct ImageTextEncoder {
  VisionTransformer vision;
  TextTransformer text;
  Linear vision_projection;  ///< [D, C]
  Linear text_projection;    ///< [D, H]

  /// image_states: [B, 1 + N, C] → [B, D] of unit length, from the class token
  [[nodiscard]] torch::Tensor project_image(const torch::Tensor& image_states) const;
  /// → [B, D] of unit length, from [CLS]
  [[nodiscard]] torch::Tensor encode_text(const TextBatch& texts, bool training) const;
};

/// One trained tensor and the momentum copy of it.
struct MomentumPair {
  torch::Tensor trained;
  torch::Tensor momentum;
};

/// The original's coefficient.
inline constexpr double kMomentum = 0.995;

/// A copy of `encoder`'s architecture named "vision_model_m.", "text_encoder_m.", "vision_proj_m.",
/// "text_proj_m."; its values are set by copy_to_momentum or loaded. A fixed backbone is shared.
ImageTextEncoder add_momentum_encoder(Parameters& parameters, const BlipConfig& config,
                                      const ModelOptions& options, const ImageTextEncoder& online);

/// The tensor that a momentum tensor follows: "vision_model_m.X" → "vision_model.X"; empty for
/// other names.
std::string followed_name(const std::string& momentum_name);

/// Every momentum tensor of `parameters` beside the tensor it follows. Throws missing_tensor.
std::vector<MomentumPair> momentum_pairs(const Parameters& parameters);

/// momentum = trained
void copy_to_momentum(const std::vector<MomentumPair>& pairs);
/// momentum = coefficient · momentum + (1 - coefficient) · trained
void update_momentum(const std::vector<MomentumPair>& pairs, double coefficient = kMomentum);

}  // namespace blip::train
