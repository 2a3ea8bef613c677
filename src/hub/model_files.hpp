// Which files a model consists of, and whether the cache has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/file_names.hpp"
#include "hub/model_cache.hpp"

namespace blip::hub {

/// Limits that a server is held to: huggingface_hub's for what comes over plain HTTP, and for
/// everything but weights some forty times BERT's tokenizer.json.
inline constexpr std::uint64_t kMaxWeightsBytes = 50'000'000'000;
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{32} << 20;

/// The files an index lists, sorted. Throws malformed for one that is not a plain name: an index
/// must not reach outside its directory. At most 1,000.
std::vector<std::string> listed_files(std::string_view index, const std::string& name);
/// The same of a file, which may take kMaxTextBytes.
std::vector<std::string> listed_files(const std::filesystem::path& index);

/// Weights that a family has in a file of its own, with those of a second network which is in
/// another repository: DALL-E mini and the VQGAN that makes pictures of its codes.
struct FamilyWeights {
  const char* file;
  const char* other_repository;
  const char* other_file;
  const char* other_place;  ///< where the model's snapshot shows it
};

// What depends on a model's family. This directory knows no family: architectures/registry.cpp
// defines these three.

/// Whether there is a family with this model_type in config.json.
bool is_known_model_type(std::string_view model_type);
/// The files that its tokenizer comes in; BLIP's if there is no such family.
std::span<const char* const> tokenizer_files_of(std::string_view model_type);

/// Null: its weights are in one of kWeightsFiles.
const FamilyWeights* family_weights_of(std::string_view model_type);

/// As read_model_type has it; empty as well if it cannot be read.
std::string model_type_of(std::string_view config, const std::string& name);

/// Everything but configuration and weights; none of it has to be there.
std::vector<const char*> optional_files(std::string_view model_type);

/// Whether a commit's configuration and some weights are in the cache, be it an adapter's: enough
/// to work with.
bool is_usable(const ModelCache& cache, const std::string& commit);

/// Whether, besides, of every file it is known that it is there or that the commit has none: then
/// the hub need not be asked.
bool is_complete_snapshot(const ModelCache& cache, const std::string& commit);

}  // namespace blip::hub
