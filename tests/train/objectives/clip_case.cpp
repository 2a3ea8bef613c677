#include "clip_case.hpp"

#include "architectures/clip/config.hpp"
#include "train/objectives/clip_contrastive.hpp"
#include "training_case.hpp"

namespace blip::train {

ClipStep run_clip_case(const nlohmann::json& clip_case) {
  const torch::Dtype dtype = clip_case.at("dtype") == "float64" ? torch::kFloat64 : torch::kFloat32;
  const CLIPConfig config = parse_clip_config(clip_case.at("config").dump(), "the case");
  ClipTrainingModel model = make_clip_model(config, torch::kCPU, dtype);
  start(model.parameters);
  const torch::Tensor ids = integers(clip_case.at("ids"));
  const std::int64_t size = config.vision_config.image_size;
  const torch::Tensor images =
      uniform("images", {ids.size(0), 3, size, size}).to(torch::kFloat32).to(dtype);
  const ClipLosses losses =
      clip_losses(model, {images, {ids, integers(clip_case.at("ends"))}}, single_process());
  losses.total.backward();
  ClipStep step{{{"total", losses.total.detach()}}, {}};
  for (const auto& [name, tensor] : model.parameters.trained()) {
    step.gradients.emplace_back(name, tensor.grad());
  }
  return step;
}

}  // namespace blip::train
