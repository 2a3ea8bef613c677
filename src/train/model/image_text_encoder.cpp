#include "train/model/image_text_encoder.hpp"

#include <array>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMomentumPrefixes = {
    {{"vision_model_m.", "vision_model."},
     {"text_encoder_m.", "text_encoder."},
     {"vision_proj_m.", "vision_proj."},
     {"text_proj_m.", "text_proj."}}};

}  // namespace

torch::Tensor to_unit_length(const torch::Tensor& x) {
  constexpr double kSmallest = 1e-12;
  return x / x.norm(2, -1, /*keepdim=*/true).clamp_min(kSmallest);
}

torch::Tensor ImageTextEncoder::project_image(const torch::Tensor& image_states) const {
  return to_unit_length(linear(vision_projection, image_states.select(1, 0)));
}

torch::Tensor ImageTextEncoder::encode_text(const TextBatch& texts, bool training) const {
  return to_unit_length(linear(text_projection, text.encode(texts, training).select(1, 0)));
}

ImageTextEncoder add_momentum_encoder(Parameters& parameters, const BlipConfig& config,
                                      const ModelOptions& options, const ImageTextEncoder& online) {
  const Role role = Role::momentum;
  const std::int64_t image_width = config.vision_config.hidden_size;
  ImageTextEncoder encoder;
  encoder.vision = add_vision_transformer(parameters, "vision_model_m.", config.vision_config,
                                          options.vision, role, &online.vision);
  encoder.text = add_text_transformer(parameters, "text_encoder_m.", config.text_config,
                                      image_width, options.text_dropout, role);
  encoder.vision_projection =
      add_head(parameters, "vision_proj_m", config.image_text_hidden_size, image_width, role);
  encoder.text_projection = add_head(parameters, "text_proj_m", config.image_text_hidden_size,
                                     config.text_config.hidden_size, role);
  return encoder;
}

std::string followed_name(const std::string& momentum_name) {
  for (const auto& [momentum, online] : kMomentumPrefixes) {
    if (momentum_name.starts_with(momentum)) {
      return std::string(online) + momentum_name.substr(momentum.size());
    }
  }
  return {};
}

std::vector<MomentumPair> momentum_pairs(const Parameters& parameters) {
  std::vector<MomentumPair> pairs;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.role != Role::momentum) continue;
    const Parameter* followed = parameters.find(followed_name(parameter.name));
    if (followed == nullptr) {
      throw Error(ErrorCode::missing_tensor,
                  in_quotes(parameter.name) + " has no tensor that it could follow");
    }
    pairs.push_back({followed->tensor, parameter.tensor});
  }
  return pairs;
}

void copy_to_momentum(const std::vector<MomentumPair>& pairs) {
  const torch::NoGradGuard no_grad;
  for (const MomentumPair& pair : pairs) torch::Tensor(pair.momentum).copy_(pair.trained);
}

void update_momentum(const std::vector<MomentumPair>& pairs, double coefficient) {
  if (pairs.empty()) return;  // torch 1.13 refuses empty lists
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> trained;
  std::vector<torch::Tensor> momentum;
  for (const MomentumPair& pair : pairs) {
    trained.push_back(pair.trained);
    momentum.push_back(pair.momentum);
  }
  at::_foreach_mul_(momentum, coefficient);
  at::_foreach_add_(momentum, trained, 1.0 - coefficient);
}

}  // namespace blip::train
