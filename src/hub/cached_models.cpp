// cached_models: what the hub's cache holds of BLIP.
#include <algorithm>
#include <map>
#include <string>
#include <system_error>

#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "core/open_file.hpp"
#include "hub/model_cache.hpp"
#include "hub/model_files.hpp"
#include "hub/model_id.hpp"
#include "hub/settings.hpp"

namespace blip {
namespace hub {
namespace {

using Path = std::filesystem::path;

template <typename Take>
void for_each_entry(const Path& directory, Take&& take) {
  std::error_code error;
  std::filesystem::directory_iterator next(directory, error);
  while (!error && next != std::filesystem::directory_iterator()) {
    take(next->path());
    next.increment(error);
  }
}

// commit → the name that people know it by; of several, "main", then the first by the alphabet.
std::map<std::string, std::string> names_of_commits(const ModelCache& cache, const Path& refs) {
  std::map<std::string, std::string> names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator next(refs, error);
  while (!error && next != std::filesystem::recursive_directory_iterator()) {
    const std::string revision = next->path().lexically_relative(refs).string();
    if (is_revision(revision)) {
      if (const auto commit = cache.commit_of(revision)) {
        std::string& name = names[*commit];
        if (name.empty() || revision == "main" || (name != "main" && revision < name)) {
          name = revision;
        }
      }
    }
    next.increment(error);
  }
  return names;
}

bool is_known_model(const Path& snapshot) {
  const Path config = snapshot / kConfigFile;
  try {
    return is_file(config) && is_known_model_type(model_type_of(
                                  read_text_file(config, kMaxTextBytes), config.string()));
  } catch (const Error&) {
    return false;
  }
}

// Those of other repositories that it shows included.
std::uint64_t bytes_in(const Path& snapshot) {
  std::uint64_t bytes = 0;
  for_each_entry(snapshot, [&](const Path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(std::filesystem::symlink_status(file, error))) {
      bytes += bytes_in(file);
      return;
    }
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (!error) bytes += size;
  });
  return bytes;
}

void add_snapshots(const Path& directory, const std::string& repository, const ModelCache& cache,
                   std::vector<CachedModel>& models) {
  const auto names = names_of_commits(cache, directory / "refs");
  for_each_entry(directory / "snapshots", [&](const Path& snapshot) {
    const std::string commit = snapshot.filename().string();
    if (!is_commit(commit) || !is_known_model(snapshot)) return;
    const auto found = names.find(commit);
    const std::string& name = found == names.end() ? commit : found->second;
    models.push_back({.id = name == "main" ? repository : repository + "@" + name,
                      .directory = snapshot,
                      .bytes = bytes_in(snapshot),
                      .complete = is_usable(cache, commit)});
  });
}

}  // namespace
}  // namespace hub

std::vector<CachedModel> cached_models(const HubOptions& options) {
  const std::filesystem::path cache = hub::cache_directory(options);
  std::vector<CachedModel> models;
  hub::for_each_entry(cache, [&](const std::filesystem::path& directory) {
    const auto repository = hub::repository_of(directory.filename().string());
    if (!repository) return;
    hub::add_snapshots(directory, *repository, hub::ModelCache(cache, *repository), models);
  });
  std::sort(models.begin(), models.end(),
            [](const CachedModel& left, const CachedModel& right) { return left.id < right.id; });
  return models;
}

}  // namespace blip
