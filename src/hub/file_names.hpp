// The names of the files that a model comes in: one list for the hub and for directories.
#pragma once

#include <array>

namespace blip {

inline constexpr const char* kConfigFile = "config.json";

/// Instead of these, or beside them, a fine-tuned model may come as an adapter of PEFT: a
/// configuration, and the first of the weights that is there.
inline constexpr const char* kAdapterConfigFile = "adapter_config.json";
inline constexpr std::array kAdapterWeightsFiles = {"adapter_model.safetensors",
                                                    "adapter_model.bin"};

/// The first of these that is there holds the weights; an index stands for the files it lists. In
/// the order of preference, which is transformers'.
struct WeightsFile {
  const char* name;
  bool is_index;
};
/// open_clip's names are the last.
inline constexpr std::array kWeightsFiles = {WeightsFile{"model.safetensors", false},
                                             WeightsFile{"model.safetensors.index.json", true},
                                             WeightsFile{"pytorch_model.bin", false},
                                             WeightsFile{"pytorch_model.bin.index.json", true},
                                             WeightsFile{"open_clip_model.safetensors", false},
                                             WeightsFile{"open_clip_pytorch_model.bin", false}};

/// What a family of models has beside these, of which no file has to be there; a family's tokenizer
/// comes in files of its own.
inline constexpr std::array kProcessorFiles = {"preprocessor_config.json", "processor_config.json",
                                               "generation_config.json"};

}  // namespace blip
