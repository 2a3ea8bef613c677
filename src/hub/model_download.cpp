#include "hub/model_download.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "hub/blob_download.hpp"
#include "hub/file_lock.hpp"
#include "hub/file_lookup.hpp"
#include "hub/http_session.hpp"
#include "hub/model_cache.hpp"
#include "hub/model_files.hpp"
#include "hub/model_id.hpp"
#include "hub/retries.hpp"
#include "hub/settings.hpp"

namespace blip::hub {
namespace {

ModelId model_id_from(std::string_view text, const HubOptions& options) {
  auto id = parse_model_id(text);
  if (!id) {
    throw Error(ErrorCode::invalid_argument,
                in_quotes(text) + ": not a model id (org/name or org/name@revision)");
  }
  if (!options.revision.empty() && text.find('@') == std::string_view::npos) {
    if (!is_revision(options.revision)) {
      throw Error(ErrorCode::invalid_argument,
                  id->repository + ": " + in_quotes(options.revision) + " cannot be a revision");
    }
    id->revision = options.revision;
  }
  return *id;
}

std::string spelled(const ModelId& id) {
  return id.revision == "main" ? id.repository : id.repository + "@" + id.revision;
}

class ModelDownload {
 public:
  ModelDownload(ModelId id, const HubSettings& settings, const ModelCache& cache,
                const DownloadProgress& progress)
      : id_(std::move(id)), settings_(settings), cache_(cache), progress_(progress) {}

  std::filesystem::path run() {
    const std::optional<std::string> known = cache_.commit_of(id_.revision);
    const bool can_do_without = known && is_usable(cache_, *known);
    // With something in hand, one attempt: whoever is on a train wants to start.
    FileLookup config =
        can_do_without ? ask(id_.revision, kConfigFile) : ask_patiently(id_.revision, kConfigFile);
    if (config.failure) {
      if (can_do_without && !config.no_revision) return cache_.snapshot(*known);
      throw Error(*config.failure);
    }
    if (!config.found) {
      if (!config.commit.empty()) cache_.mark_absent(config.commit, kConfigFile);
      return run_adapter();
    }
    commit_ = config.found->commit;
    if (!cache_.has(commit_, kConfigFile)) fetch(kConfigFile, *config.found, kMaxTextBytes);
    const std::string model_type = require_known_model_type();
    for (const char* file : optional_files(model_type)) obtain(file, kMaxTextBytes);
    const FamilyWeights* weights = family_weights_of(model_type);
    if (weights == nullptr || !obtain_family_weights(*weights)) obtain_weights();
    cache_.remember(id_.revision, commit_);
    return cache_.snapshot(commit_);
  }

  // One file, whatever else the repository has.
  std::filesystem::path run_file(const std::string& file) {
    const FileLookup lookup = ask_patiently(id_.revision, file);
    if (lookup.failure) throw Error(*lookup.failure);
    if (!lookup.found) throw Error(ErrorCode::unsupported, id_.repository + ": has no " + file);
    commit_ = lookup.found->commit;
    if (!cache_.has(commit_, file)) fetch(file, *lookup.found, kMaxWeightsBytes);
    cache_.remember(id_.revision, commit_);
    return cache_.snapshot(commit_) / file;
  }

 private:
  // Of a repository without config.json. The base model is another.
  std::filesystem::path run_adapter() {
    const FileLookup config = ask_patiently(id_.revision, kAdapterConfigFile);
    if (config.failure) throw Error(*config.failure);
    if (!config.found) {
      throw Error(ErrorCode::unsupported,
                  id_.repository + ": has no config.json, so it is no model blip can load");
    }
    commit_ = config.found->commit;
    if (!cache_.has(commit_, kAdapterConfigFile)) {
      fetch(kAdapterConfigFile, *config.found, kMaxTextBytes);
    }
    for (const char* file : optional_files({})) obtain(file, kMaxTextBytes);
    const bool has_weights =
        std::any_of(kAdapterWeightsFiles.begin(), kAdapterWeightsFiles.end(),
                    [&](const char* file) { return obtain(file, kMaxWeightsBytes); });
    if (!has_weights) {
      throw Error(ErrorCode::unsupported, id_.repository + ": an adapter without weights (" +
                                              kAdapterWeightsFiles[0] + " or " +
                                              kAdapterWeightsFiles[1] + ")");
    }
    cache_.remember(id_.revision, commit_);
    return cache_.snapshot(commit_);
  }

  [[nodiscard]] FileLookup ask(const std::string& revision, const std::string& file) {
    return look_up(session_, settings_, id_.repository, revision, file,
                   [&] { return report(file, 0, std::nullopt); });
  }

  FileLookup ask_patiently(const std::string& revision, const std::string& file) {
    Retries retries(settings_.retry_delay, [&] { return report(file, 0, std::nullopt); });
    FileLookup lookup = ask(revision, file);
    while (lookup.temporary && retries.again(lookup.retry_after)) lookup = ask(revision, file);
    return lookup;
  }

  // Once stopped, stopped for good.
  bool report(const std::string& file, std::uint64_t received, std::optional<std::uint64_t> total) {
    if (!stopped_ && progress_) stopped_ = !progress_(file, received, total);
    return !stopped_;
  }

  FileMetadata look_up_again(const std::string& file) {
    FileLookup lookup = ask_patiently(commit_, file);
    if (lookup.failure) throw Error(*lookup.failure);
    if (!lookup.found || lookup.found->commit != commit_) {
      throw Error(ErrorCode::malformed,
                  id_.repository + ": " + file + " belongs to another commit than " + commit_);
    }
    return *lookup.found;
  }

  // Whether the commit has the file, which then is in the snapshot.
  bool obtain(const std::string& file, std::uint64_t max_bytes) {
    if (cache_.has(commit_, file)) return true;
    if (cache_.is_known_absent(commit_, file)) return false;
    FileLookup lookup = ask_patiently(commit_, file);
    if (lookup.failure) throw Error(*lookup.failure);
    if (lookup.absent) {
      if (lookup.commit == commit_) cache_.mark_absent(commit_, file);
      return false;
    }
    if (lookup.found->commit != commit_) {
      throw Error(ErrorCode::malformed,
                  id_.repository + ": " + file + " belongs to another commit than " + commit_);
    }
    fetch(file, *lookup.found, max_bytes);
    return true;
  }

  // Whether the commit has them; they are in the snapshot then.
  bool obtain_family_weights(const FamilyWeights& weights) {
    if (!obtain(weights.file, kMaxWeightsBytes)) return false;
    if (cache_.has(commit_, weights.other_place)) return true;
    const ModelId id = {.repository = weights.other_repository, .revision = "main"};
    const ModelCache cache(settings_.cache, id.repository, settings_.symlinks);
    ModelDownload other(id, settings_, cache, progress_);
    cache_.show_other(other.run_file(weights.other_file), commit_, weights.other_place);
    return true;
  }

  void obtain_weights() {
    for (const WeightsFile& file : kWeightsFiles) {
      if (!obtain(file.name, file.is_index ? kMaxTextBytes : kMaxWeightsBytes)) continue;
      if (file.is_index) obtain_shards(file.name);
      return;
    }
    throw Error(ErrorCode::unsupported,
                id_.repository + ": has no weights (model.safetensors or pytorch_model.bin)");
  }

  void obtain_shards(const std::string& index) {
    for (const std::string& shard : listed_files(cache_.snapshot(commit_) / index)) {
      if (!obtain(shard, kMaxWeightsBytes)) fail_without(shard, index);
    }
  }

  [[noreturn]] void fail_without(const std::string& shard, const std::string& index) const {
    throw Error(ErrorCode::malformed,
                id_.repository + ": has no " + shard + ", which " + index + " lists");
  }

  [[nodiscard]] std::string require_known_model_type() const {
    const std::filesystem::path file = cache_.snapshot(commit_) / kConfigFile;
    std::string type = model_type_of(read_text_file(file, kMaxTextBytes), file.string());
    if (is_known_model_type(type)) return type;
    throw Error(ErrorCode::unsupported,
                id_.repository + ": not a BLIP model, by the model_type of its config.json");
  }

  void fetch(const std::string& file, const FileMetadata& metadata, std::uint64_t max_bytes) {
    cache_.prepare(metadata.commit);
    const std::filesystem::path blob = cache_.blob(metadata.etag);
    const auto waiting = [&] { return report(file, 0, metadata.size); };
    const FileLock lock(cache_.lock_file(metadata.etag), waiting);
    const std::filesystem::path left_over = blob.string() + ".incomplete";
    if (is_file(blob)) {  // of another commit or file, or another process was faster
      std::error_code ignored;
      if (lock.excludes_others()) std::filesystem::remove(left_over, ignored);
      cache_.show(metadata.etag, /*new_blob=*/false, metadata.commit, file);
      return;
    }
    // Where locks are unknown, nobody else may write to the same file; then there is no resuming.
    std::filesystem::path partial = left_over;
    if (!lock.excludes_others()) {
      partial.replace_filename(metadata.etag + "." + random_digits() + ".incomplete");
    }
    const BlobRequest request = {
        .name = id_.repository + ": " + file,
        .metadata = metadata,
        .max_bytes = max_bytes,
        .renew = [&] { return look_up_again(file); },
        .progress = [&](std::uint64_t bytes) { return report(file, bytes, metadata.size); }};
    std::error_code error;
    try {
      download_blob(session_, settings_, request, partial);
    } catch (...) {
      if (partial != left_over) std::filesystem::remove(partial, error);
      throw;
    }
    std::filesystem::rename(partial, blob, error);
    if (error) {
      throw Error(ErrorCode::unreadable, blob.string() + ": cannot be made: " + error.message());
    }
    cache_.show(metadata.etag, /*new_blob=*/true, metadata.commit, file);
  }

  ModelId id_;
  const HubSettings& settings_;
  const ModelCache& cache_;
  const DownloadProgress& progress_;
  HttpSession session_;
  std::string commit_;  // every file is of this one, whatever happens to the branch meanwhile
  bool stopped_ = false;
};

// What the cache alone can offer.
std::filesystem::path offline_snapshot(const ModelId& id, const HubSettings& settings,
                                       const ModelCache& cache) {
  const auto commit = cache.commit_of(id.revision);
  if (commit && is_usable(cache, *commit)) return cache.snapshot(*commit);
  throw Error(ErrorCode::not_found, spelled(id) + ": " + (commit ? "not complete" : "not") +
                                        " in the cache " + settings.cache.string() +
                                        ", and offline mode (HF_HUB_OFFLINE) forbids to download");
}

std::filesystem::path find(std::string_view text, const HubOptions& options,
                           const DownloadProgress& progress, bool trust_cache) {
  const ModelId id = model_id_from(text, options);
  const HubSettings settings = settings_from(options);
  const ModelCache cache(settings.cache, id.repository, settings.symlinks);
  if (settings.offline) return offline_snapshot(id, settings, cache);
  if (trust_cache || is_commit(id.revision)) {
    const auto commit = cache.commit_of(id.revision);
    if (commit && is_complete_snapshot(cache, *commit)) return cache.snapshot(*commit);
  }
  return ModelDownload(id, settings, cache, progress).run();
}

}  // namespace

std::filesystem::path find_model(std::string_view id, const HubOptions& options,
                                 const DownloadProgress& progress) {
  return find(id, options, progress, /*trust_cache=*/true);
}

}  // namespace blip::hub

namespace blip {

std::filesystem::path download_model(std::string_view id, const HubOptions& options,
                                     const DownloadProgress& progress) {
  return hub::find(id, options, progress, /*trust_cache=*/false);
}

}  // namespace blip
