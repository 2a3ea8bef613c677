// ViT, DeiT and DINOv2 as the ImageClassifier that they are.
#include "architectures/vit/family.hpp"
#include "blip/vit.hpp"
#include "tasks/labelled_classifier.hpp"

namespace blip {

std::shared_ptr<const ImageClassifier> open_vit_classifier(const std::filesystem::path& model,
                                                           const LoadOptions& options) {
  return std::make_shared<const LabelledClassifier<ViTForImageClassification>>(
      ViTForImageClassification::from_pretrained(model, options));
}

}  // namespace blip
