// EfficientNetLiteForImageClassification, and the ImageClassifier that it is.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "architectures/efficientnet_lite/family.hpp"
#include "blip/image_classification.hpp"
#include "checkpoint/model_source.hpp"
#include "core/scratch.hpp"
#include "model/efficientnet_lite.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_classifier.hpp"
#include "tasks/model_weights.hpp"
#include "tasks/pixel_values.hpp"

namespace blip {
namespace {

// Global average pooling. map: [places, D] → D more values in `means`
void append_means(const float* map, std::int64_t places, std::int64_t channels,
                  std::vector<float>& means) {
  std::vector<double> sums(static_cast<std::size_t>(channels));
  for (std::int64_t place = 0; place < places; ++place) {
    for (double& sum : sums) sum += static_cast<double>(*map++);
  }
  for (const double sum : sums) {
    means.push_back(static_cast<float>(sum / static_cast<double>(places)));
  }
}

}  // namespace

struct EfficientNetLiteForImageClassification::Model {
  EfficientNetLiteClassifierConfig config;
  ModelWeights weights;
  EfficientNetLite backbone;
  Linear classifier;  // [labels, D]
};

EfficientNetLiteForImageClassification::EfficientNetLiteForImageClassification(
    std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

EfficientNetLiteForImageClassification EfficientNetLiteForImageClassification::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  auto config = EfficientNetLiteClassifierConfig::from_pretrained(source.model);
  WeightsOpener weights(source, options);
  weights.require(kEfficientNetLiteForImageClassification, config.architecture);
  WeightLoader& loader = weights.loader();
  EfficientNetLite backbone(loader, config.backbone, "efficientnet.", config.image_size);
  const Linear classifier =
      loader.linear("classifier", std::ssize(config.labels), config.backbone.hidden_dim);
  return EfficientNetLiteForImageClassification(std::make_shared<const Model>(
      Model{std::move(config), weights.finish(), std::move(backbone), classifier}));
}

const EfficientNetLiteClassifierConfig& EfficientNetLiteForImageClassification::config()
    const noexcept {
  return model_->config;
}

const std::vector<std::string>& EfficientNetLiteForImageClassification::ignored_tensors()
    const noexcept {
  return model_->weights.ignored_tensors;
}

Tensor EfficientNetLiteForImageClassification::logits(TensorView pixel_values,
                                                      Context& context) const {
  const PixelSizes sizes = sizes_of_pixels(pixel_values);
  const EfficientNetLite& backbone = model_->backbone;
  const std::int64_t places = backbone.places(sizes.height, sizes.width);
  const std::int64_t channels = backbone.channels();
  const Scratch::Frame frame(context.scratch());
  auto* map =
      context.scratch().allocate<float>(static_cast<std::size_t>(sizes.count * places * channels));
  backbone.encode(pixel_values.data.data(), sizes.count, sizes.height, sizes.width, map, context);
  std::vector<float> means;  // [B, D]
  for (std::int64_t image = 0; image < sizes.count; ++image) {
    append_means(map + image * places * channels, places, channels, means);
  }
  return project(means.data(), sizes.count, model_->classifier, context);
}

namespace {

class Classifier final : public ImageClassifier {
 public:
  explicit Classifier(EfficientNetLiteForImageClassification model) : model_(std::move(model)) {}

  [[nodiscard]] std::span<const std::string> labels() const noexcept override {
    return model_.config().labels;
  }
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const override {
    return model_.logits(pixel_values, context);
  }

 private:
  EfficientNetLiteForImageClassification model_;
};

}  // namespace

std::shared_ptr<const ImageClassifier> open_efficientnet_lite_classifier(
    const std::filesystem::path& model, const LoadOptions& options) {
  return std::make_shared<const Classifier>(
      EfficientNetLiteForImageClassification::from_pretrained(model, options));
}

}  // namespace blip
