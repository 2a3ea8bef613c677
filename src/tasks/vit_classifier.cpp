// ViT, DeiT and DINOv2 as the ImageClassifier that they are.
#include <utility>

#include "architectures/vit/family.hpp"
#include "blip/vit.hpp"
#include "tasks/image_classifier.hpp"

namespace blip {
namespace {

class VitClassifier final : public ImageClassifier {
 public:
  explicit VitClassifier(ViTForImageClassification model) : model_(std::move(model)) {}

  [[nodiscard]] std::span<const std::string> labels() const noexcept override {
    return model_.config().labels;
  }
  [[nodiscard]] LabelScores scores() const noexcept override {
    const std::string& problem = model_.config().problem_type;
    if (problem == "regression") return LabelScores::none;
    return problem == "multi_label_classification" || labels().size() == 1 ? LabelScores::sigmoid
                                                                           : LabelScores::softmax;
  }
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const override {
    return model_.logits(pixel_values, context);
  }

 private:
  ViTForImageClassification model_;
};

}  // namespace

std::shared_ptr<const ImageClassifier> open_vit_classifier(const std::filesystem::path& model,
                                                           const LoadOptions& options) {
  return std::make_shared<const VitClassifier>(
      ViTForImageClassification::from_pretrained(model, options));
}

}  // namespace blip
