#include "tasks/image_classifier.hpp"

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_source.hpp"

namespace blip {

std::shared_ptr<const ImageClassifier> open_image_classifier(const std::filesystem::path& model,
                                                             const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  const std::filesystem::path& path = source.model;
  const ModelFamily& family = family_of(path);
  if (family.open_image_classifier == nullptr) {
    throw Error(ErrorCode::unsupported,
                path.string() + ": " + family.architecture_of(path).name + " has no classes");
  }
  LoadOptions resolved = options;
  resolved.adapter = source.adapter;
  return family.open_image_classifier(path, resolved);
}

}  // namespace blip
