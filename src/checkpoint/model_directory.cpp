#include "checkpoint/model_directory.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <system_error>

#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "hub/file_names.hpp"
#include "hub/model_download.hpp"
#include "hub/model_id.hpp"

namespace blip {
namespace {

bool is_existing_directory(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// The shared library that this code is in; nothing if it is a part of the program.
std::optional<std::filesystem::path> own_library() {
  static const char in_this_library = 0;
  Dl_info info{};
  if (dladdr(&in_this_library, &info) == 0 || info.dli_fname == nullptr) return std::nullopt;
  const std::string_view name = info.dli_fname;
  if (name.find(".so") == std::string_view::npos) return std::nullopt;
  return std::filesystem::path(name);
}

// Where bundled models are looked for, in this order.
std::vector<std::filesystem::path> bundle_directories() {
  std::vector<std::filesystem::path> directories;
  if (const char* variable = std::getenv("BLIP_MODEL_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const std::string_view directory = rest.substr(0, rest.find(':'));
      if (!directory.empty()) directories.emplace_back(directory);
      rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
    }
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    directories.push_back(program.parent_path().parent_path() / "share" / "blip" / "models");
  }
  if (const auto library = own_library()) {
    // Beside the library: where the Python package blip-cpp-models puts them.
    directories.push_back(library->parent_path() / "models");
    // Of PREFIX/lib and of Debian's PREFIX/lib/x86_64-linux-gnu.
    const std::filesystem::path prefix = library->parent_path().parent_path();
    directories.push_back(prefix / "share" / "blip" / "models");
    directories.push_back(prefix.parent_path() / "share" / "blip" / "models");
  }
  directories.emplace_back(BLIP_BUNDLED_MODELS_DIR);
  return directories;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

bool could_be_on_the_hub(std::string_view name) {
  return name.find('/') != std::string_view::npos && hub::parse_model_id(name).has_value();
}

std::filesystem::path from_the_hub(std::string_view name, const DownloadProgress& progress,
                                   const HubOptions& hub) {
  try {
    return hub::find_model(name, hub, progress);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::network) throw;
    std::string cause = error.what();
    const std::string repository(name.substr(0, name.find('@')));
    if (cause.starts_with(repository + ": ")) cause.erase(0, repository.size() + 2);
    throw Error(error.code(),
                std::string(name) + ": no such model directory; from the hub: " + cause);
  }
}

}  // namespace

std::filesystem::path resolve_model(std::string_view name, const DownloadProgress& progress,
                                    const HubOptions& hub) {
  if (name.find('\0') != std::string_view::npos) {
    throw Error(ErrorCode::not_found, in_quotes(name) + ": no such model");
  }
  std::filesystem::path as_path(name);
  if (is_existing_directory(as_path)) return as_path;
  if (file_exists(as_path)) {
    if (is_checkpoint_name(as_path)) return as_path;
    throw Error(ErrorCode::not_found,
                as_path.string() +
                    ": is a file, but neither a model directory nor a checkpoint (.safetensors, "
                    ".bin, .pth or .pt)");
  }
  if (could_be_on_the_hub(name)) return from_the_hub(name, progress, hub);
  if (!is_plain_name(name)) {
    throw Error(ErrorCode::not_found, name.empty()
                                          ? std::string("the model name is empty")
                                          : as_path.string() + ": no such model directory");
  }
  std::string places;
  for (const std::filesystem::path& directory : bundle_directories()) {
    std::filesystem::path model = directory / name;
    if (is_existing_directory(model)) return model;
    places += (places.empty() ? "" : ", ") + directory.string();
  }
  throw Error(ErrorCode::not_found, in_quotes(name) +
                                        ": no such model directory, and no bundled model of that "
                                        "name in " +
                                        places);
}

std::vector<std::string> bundled_models() {
  std::set<std::string> names;
  for (const std::filesystem::path& directory : bundle_directories()) {
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    while (!error && entry != std::filesystem::directory_iterator()) {
      if (file_exists(entry->path() / kConfigFile)) {
        names.insert(entry->path().filename().string());
      }
      entry.increment(error);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace blip
