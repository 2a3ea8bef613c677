#include "tasks/model_files.hpp"

#include <utility>

namespace blip {

ModelOpener::ModelOpener(const std::filesystem::path& model, const LoadOptions& options,
                         const Architecture& architecture)
    : source_(
          resolve_source(model.native(), options.adapter.native(), options.progress, options.hub)),
      config_(BlipConfig::from_pretrained(source_.model)),
      weights_(source_, options) {
  weights_.require(architecture, config_.architecture);
}

ModelFiles ModelOpener::finish() {
  return {weights_.finish(), std::move(config_)};
}

}  // namespace blip
