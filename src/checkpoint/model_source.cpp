#include "checkpoint/model_source.hpp"

#include <string>

#include "blip/error.hpp"
#include "checkpoint/adapter.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/open_file.hpp"
#include "hub/model_id.hpp"

namespace blip {
namespace {

bool has_model(const std::filesystem::path& directory) {
  return file_exists(directory / kConfigFile) && find_weights(directory).has_value();
}

// The directory of the adapter that a resolved path names; empty: it names a model.
std::filesystem::path adapter_at(const std::filesystem::path& path) {
  const std::filesystem::path folder = model_folder(path);
  if (!has_adapter(folder)) return {};
  if (folder == path) return find_adapter_weights(folder) || !has_model(folder) ? folder : "";
  return path.filename().native().starts_with("adapter_model.") ? folder : "";
}

std::filesystem::path base_of(const std::filesystem::path& adapter,
                              const DownloadProgress& progress, const HubOptions& hub) {
  const AdapterConfig config = read_adapter_config(adapter);
  if (has_model(adapter)) return adapter;  // as transformers
  const std::string how =
      "; name its base model yourself: --model BASE --adapter " + adapter.string();
  if (config.base_model.empty()) {
    throw Error(ErrorCode::not_found,
                adapter.string() + ": is an adapter that does not say of which model" + how);
  }
  HubOptions base_hub = hub;
  base_hub.revision = config.revision;  // the caller's is the adapter's
  std::filesystem::path base;
  try {
    base = resolve_model(config.base_model, progress, base_hub);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::network) throw;
    throw Error(error.code(), adapter.string() + ": is an adapter of " + error.what() + how);
  }
  if (!adapter_at(base).empty()) {
    throw Error(ErrorCode::unsupported, adapter.string() + ": is an adapter of " + base.string() +
                                            ", which is an adapter itself");
  }
  return base;
}

}  // namespace

const std::filesystem::path& ModelSource::tokenizer() const {
  return !adapter.empty() && has_tokenizer(adapter) ? adapter : model;
}

const std::filesystem::path& ModelSource::image_processor() const {
  return !adapter.empty() && has_image_processor(adapter) ? adapter : model;
}

bool has_tokenizer(const std::filesystem::path& directory) {
  return file_exists(directory / "tokenizer.json") || file_exists(directory / "vocab.txt") ||
         file_exists(directory / "spiece.model");
}

bool has_image_processor(const std::filesystem::path& directory) {
  return file_exists(directory / "processor_config.json") ||
         file_exists(directory / "preprocessor_config.json");
}

ModelSource resolve_source(std::string_view name, std::string_view adapter,
                           const DownloadProgress& progress, const HubOptions& hub) {
  ModelSource source = {.model = resolve_model(name, progress, hub)};
  if (adapter.empty()) {
    source.adapter = adapter_at(source.model);
    if (!source.adapter.empty()) source.model = base_of(source.adapter, progress, hub);
    return source;
  }
  HubOptions adapter_hub = hub;
  adapter_hub.revision.clear();  // the caller's is the model's
  const std::filesystem::path path = resolve_model(adapter, progress, adapter_hub);
  source.adapter = adapter_at(path);
  if (source.adapter.empty()) {
    throw Error(ErrorCode::not_found,
                path.string() + ": is no adapter: it has no " + kAdapterConfigFile);
  }
  if (!adapter_at(source.model).empty() && !has_model(source.model)) {
    throw Error(ErrorCode::unsupported, source.model.string() +
                                            ": is an adapter itself, not the model of " +
                                            source.adapter.string());
  }
  return source;
}

}  // namespace blip
