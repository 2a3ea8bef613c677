#include "tasks/image_classifier.hpp"

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip {

std::shared_ptr<const ImageClassifier> open_image_classifier(const std::filesystem::path& model,
                                                             const LoadOptions& options) {
  const std::filesystem::path path = resolve_model(model.native(), options.progress, options.hub);
  const ModelFamily& family = family_of(path);
  if (family.open_image_classifier == nullptr) {
    throw Error(ErrorCode::unsupported,
                path.string() + ": " + family.architecture_of(path).name + " has no classes");
  }
  return family.open_image_classifier(path, options);
}

}  // namespace blip
