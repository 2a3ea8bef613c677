#include "tasks/model_files.hpp"

#include <utility>

#include "checkpoint/model_directory.hpp"

namespace blip {

ModelOpener::ModelOpener(const std::filesystem::path& model, const LoadOptions& options,
                         const Architecture& architecture)
    : path_(resolve_model(model.native())),
      config_(BlipConfig::from_pretrained(path_)),
      weights_(path_, options) {
  weights_.require(architecture, config_.architecture);
}

ModelFiles ModelOpener::finish() {
  return {weights_.finish(), std::move(config_)};
}

}  // namespace blip
