// CLIPForImageClassification, and the ImageClassifier that it is.
#include <cstdint>
#include <iterator>
#include <utility>

#include "architectures/clip/family.hpp"
#include "architectures/clip/towers.hpp"
#include "blip/clip.hpp"
#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "model/vision_model.hpp"
#include "tasks/clip_files.hpp"
#include "tasks/embedding.hpp"
#include "tasks/labelled_classifier.hpp"
#include "tasks/patch_mean.hpp"
#include "tasks/pixel_values.hpp"

namespace blip {

struct CLIPForImageClassification::Model {
  CLIPConfig config;
  ModelWeights weights;
  VisionModel vision;
  Linear classifier;  // [labels, E]
};

CLIPForImageClassification::CLIPForImageClassification(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

CLIPForImageClassification CLIPForImageClassification::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPForImageClassification);
  WeightLoader& loader = files.weights.loader();
  const CLIPVisionConfig& vision_config = files.config.vision_config;
  VisionModel vision(loader, vision_transformer_of(vision_config));
  const Linear classifier =
      loader.linear("classifier", std::ssize(files.config.labels), vision_config.hidden_size);
  return CLIPForImageClassification(std::make_shared<const Model>(
      Model{std::move(files.config), files.weights.finish(), std::move(vision), classifier}));
}

const CLIPConfig& CLIPForImageClassification::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPForImageClassification::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

Tensor CLIPForImageClassification::logits(TensorView pixel_values, Context& context) const {
  const PixelSizes sizes = sizes_of_pixels(pixel_values);
  const VisionModel& vision = model_->vision;
  const std::int64_t tokens = vision.token_count(sizes.height, sizes.width);
  const std::int64_t width = vision.hidden_size();
  const Scratch::Frame frame(context.scratch());
  auto* states =
      context.scratch().allocate<float>(static_cast<std::size_t>(sizes.count * tokens * width));
  vision.encode(pixel_values.data.data(), sizes.count, sizes.height, sizes.width, states, context);
  std::vector<float> means;  // [B, E], of states that no norm has seen
  for (std::int64_t image = 0; image < sizes.count; ++image) {
    append_patch_mean(states + image * tokens * width, tokens,
                      vision.description().leading_tokens(), width, means);
  }
  return project(means.data(), sizes.count, model_->classifier, context);
}

std::shared_ptr<const ImageClassifier> open_clip_classifier(const std::filesystem::path& model,
                                                            const LoadOptions& options) {
  const Architecture& architecture = kClipFamily.architecture_of(model);
  if (&architecture != &kCLIPForImageClassification) {
    throw Error(ErrorCode::unsupported,
                model.string() + ": is a " + architecture.name + ", which has no classes");
  }
  return std::make_shared<const LabelledClassifier<CLIPForImageClassification>>(
      CLIPForImageClassification::from_pretrained(model, options));
}

}  // namespace blip
