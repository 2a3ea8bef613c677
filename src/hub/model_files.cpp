#include "hub/model_files.hpp"

#include <algorithm>
#include <set>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "hub/model_type.hpp"

namespace blip::hub {
namespace {

// The hub's largest models come in fewer than 200.
constexpr std::size_t kMaxShards = 1000;

bool is_plain_file_name(std::string_view name) {
  constexpr std::size_t kMaxBytes = 200;  // with an ending, still a file name
  return !name.empty() && name.size() <= kMaxBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c != '/' && c != '\\' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
         });
}

bool has_all_listed(const ModelCache& cache, const std::string& commit, const char* index) {
  try {
    const std::vector<std::string> shards = listed_files(cache.snapshot(commit) / index);
    return std::all_of(shards.begin(), shards.end(),
                       [&](const std::string& shard) { return cache.has(commit, shard); });
  } catch (const Error&) {  // unreadable: to be had anew
    return false;
  }
}

std::string cached_model_type(const ModelCache& cache, const std::string& commit) {
  const std::filesystem::path file = cache.snapshot(commit) / kConfigFile;
  try {
    return model_type_of(read_text_file(file, kMaxTextBytes), file.string());
  } catch (const Error&) {  // unreadable: of no type
    return {};
  }
}

bool has_family_weights(const ModelCache& cache, const std::string& commit) {
  const FamilyWeights* weights = family_weights_of(cached_model_type(cache, commit));
  return weights != nullptr && cache.has(commit, weights->file) &&
         cache.has(commit, weights->other_place);
}

bool has_weights(const ModelCache& cache, const std::string& commit, const WeightsFile& file) {
  return cache.has(commit, file.name) &&
         (!file.is_index || has_all_listed(cache, commit, file.name));
}

}  // namespace

std::vector<std::string> listed_files(std::string_view index, const std::string& name) {
  const nlohmann::json document = parse_json_object(index, name);
  const auto weight_map = document.find("weight_map");
  if (weight_map == document.end() || !weight_map->is_object()) {
    throw Error(ErrorCode::malformed, name + ": has no \"weight_map\" object");
  }
  if (weight_map->empty()) {
    throw Error(ErrorCode::malformed, name + ": its \"weight_map\" lists no tensors");
  }
  std::set<std::string> files;
  for (const auto& file : *weight_map) {
    const std::string* text = file.get_ptr<const std::string*>();
    if (text == nullptr || !is_plain_file_name(*text)) {
      throw Error(ErrorCode::malformed, name + ": lists " +
                                            (text == nullptr ? "no name" : in_quotes(*text)) +
                                            " where the name of a file should be");
    }
    files.insert(*text);
    if (files.size() > kMaxShards) {
      throw Error(ErrorCode::limit_exceeded,
                  name + ": lists more than " + std::to_string(kMaxShards) + " files");
    }
  }
  return {files.begin(), files.end()};
}

std::vector<std::string> listed_files(const std::filesystem::path& index) {
  return listed_files(read_text_file(index, kMaxTextBytes), index.string());
}

std::string model_type_of(std::string_view config, const std::string& name) {
  try {
    const nlohmann::json document = parse_json_object(config, name);
    return read_model_type(JsonFields(document, name));
  } catch (const Error&) {
    return {};
  }
}

std::vector<const char*> optional_files(std::string_view model_type) {
  std::vector<const char*> files(kProcessorFiles.begin(), kProcessorFiles.end());
  const std::span<const char* const> tokenizer = tokenizer_files_of(model_type);
  files.insert(files.end(), tokenizer.begin(), tokenizer.end());
  return files;
}

namespace {

bool is_adapter(const ModelCache& cache, const std::string& commit) {
  return !cache.has(commit, kConfigFile) && cache.has(commit, kAdapterConfigFile);
}

// As below, of an adapter.
bool is_complete_adapter(const ModelCache& cache, const std::string& commit) {
  for (const char* file : kAdapterWeightsFiles) {
    if (cache.has(commit, file)) return true;
    if (!cache.is_known_absent(commit, file)) return false;
  }
  return false;
}

}  // namespace

bool is_usable(const ModelCache& cache, const std::string& commit) {
  if (is_adapter(cache, commit)) {
    return std::any_of(kAdapterWeightsFiles.begin(), kAdapterWeightsFiles.end(),
                       [&](const char* file) { return cache.has(commit, file); });
  }
  if (!cache.has(commit, kConfigFile)) return false;
  return has_family_weights(cache, commit) ||
         std::any_of(kWeightsFiles.begin(), kWeightsFiles.end(),
                     [&](const WeightsFile& file) { return has_weights(cache, commit, file); });
}

bool is_complete_snapshot(const ModelCache& cache, const std::string& commit) {
  if (!is_usable(cache, commit)) return false;
  const auto known = [&](const char* file) {
    return cache.has(commit, file) || cache.is_known_absent(commit, file);
  };
  const std::vector<const char*> optional = optional_files(cached_model_type(cache, commit));
  if (!std::all_of(optional.begin(), optional.end(), known)) return false;
  if (is_adapter(cache, commit)) return is_complete_adapter(cache, commit);
  if (has_family_weights(cache, commit)) return true;
  for (const WeightsFile& file : kWeightsFiles) {
    if (has_weights(cache, commit, file)) return true;
    if (!cache.is_known_absent(commit, file.name)) return false;
  }
  return false;
}

}  // namespace blip::hub
