// What every class of CLIP is loaded from: its configuration and its weights.
#pragma once

#include <filesystem>

#include "architectures/architecture.hpp"
#include "blip/clip.hpp"
#include "checkpoint/model_source.hpp"
#include "tasks/model_weights.hpp"

namespace blip {

struct ClipFiles {
  ModelSource source;
  CLIPConfig config;
  WeightsOpener weights;

  /// Throws unsupported for a checkpoint that is not fit for `architecture`, or what reading the
  /// files throws.
  ClipFiles(const std::filesystem::path& model, const LoadOptions& options,
            const Architecture& architecture)
      : source(resolve_source(model.native(), options.adapter.native(), options.progress,
                              options.hub)),
        config(CLIPConfig::from_pretrained(source.model)),
        weights(source, options) {
    weights.require(architecture, config.architecture);
  }
};

}  // namespace blip
