// Which files a BLIP model consists of, and whether the cache has them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/model_cache.hpp"

namespace blip::hub {

inline constexpr const char* kConfigFile = "config.json";

/// Everything else but the weights; none of them has to be there.
inline constexpr std::array kOptionalFiles = {"preprocessor_config.json",
                                              "processor_config.json",
                                              "generation_config.json",
                                              "tokenizer.json",
                                              "vocab.txt",
                                              "tokenizer_config.json",
                                              "special_tokens_map.json",
                                              "added_tokens.json"};

/// The first of these that is there holds the weights; an index stands for the files it lists.
struct WeightsFile {
  const char* name;
  bool is_index;
};
inline constexpr std::array kWeightsFiles = {
    WeightsFile{"model.safetensors", false}, WeightsFile{"model.safetensors.index.json", true},
    WeightsFile{"pytorch_model.bin", false}, WeightsFile{"pytorch_model.bin.index.json", true}};

/// Limits that a server is held to: huggingface_hub's for what comes over plain HTTP, and for
/// everything but weights some forty times BERT's tokenizer.json.
inline constexpr std::uint64_t kMaxWeightsBytes = 50'000'000'000;
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{32} << 20;

/// The files an index lists, sorted. Throws malformed for one that is not a plain name: an index
/// must not reach outside its directory. At most 1,000.
std::vector<std::string> listed_files(std::string_view index, const std::string& name);
/// The same of a file, which may take kMaxTextBytes.
std::vector<std::string> listed_files(const std::filesystem::path& index);

/// Whether this is the text of a BLIP model's config.json; what is no JSON is not.
bool is_blip_config(std::string_view text, const std::string& name);

/// Whether a commit's configuration and some weights are in the cache: enough to work with.
bool is_usable(const ModelCache& cache, const std::string& commit);

/// Whether, besides, of every file it is known that it is there or that the commit has none: then
/// the hub need not be asked.
bool is_settled(const ModelCache& cache, const std::string& commit);

}  // namespace blip::hub
