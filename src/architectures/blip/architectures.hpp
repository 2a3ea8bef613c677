// The classes of BLIP: the only place where they are named.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "architectures/architecture.hpp"
#include "blip/config.hpp"

namespace blip {

struct BlipArchitecture : Architecture {
  const char* text_prefix;  ///< of the text tower whose tensors tell the text configuration
  void (*add_tensors)(ExpectedTensorList& list, const BlipConfig& config);  ///< but the vision's
};

extern const BlipArchitecture kBlipForConditionalGeneration;
extern const BlipArchitecture kBlipForQuestionAnswering;
extern const BlipArchitecture kBlipForImageTextRetrieval;
/// transformers does not have this one.
extern const BlipArchitecture kBlipForNLVR;
extern const BlipArchitecture kBlipModel;

std::span<const BlipArchitecture* const> blip_architectures();

/// By its name; none named: BlipForConditionalGeneration. Throws unsupported for another name.
const BlipArchitecture& blip_architecture(std::string_view name);

}  // namespace blip
