// Models from the Hugging Face hub, in the cache that huggingface_hub uses, and files from URLs.
//
//   const auto directory = blip::download_model("Salesforce/blip-image-captioning-base");
//   const auto bytes     = blip::download("https://example.org/dog.jpg");
//
// The cache is shared with Python: each finds what the other has downloaded. A lock keeps two
// processes from fetching the same file twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blip/export.hpp"

namespace blip {

/// What is left empty comes from the environment variables of huggingface_hub, else from its
/// defaults.
struct HubOptions {
  /// $HF_HUB_CACHE, $HUGGINGFACE_HUB_CACHE, $HF_HOME/hub, $XDG_CACHE_HOME/huggingface/hub or
  /// ~/.cache/huggingface/hub.
  std::filesystem::path cache_directory = {};
  /// $HF_ENDPOINT or https://huggingface.co.
  std::string endpoint = {};
  /// $HF_TOKEN, $HUGGING_FACE_HUB_TOKEN, or the file $HF_TOKEN_PATH or $HF_HOME/token, unless
  /// $HF_HUB_DISABLE_IMPLICIT_TOKEN; an empty token is none.
  std::optional<std::string> token = {};
  /// $HF_HUB_OFFLINE or $TRANSFORMERS_OFFLINE: use what is in the cache, never the network.
  std::optional<bool> offline = {};
  /// Branch, tag or commit, unless the id names one; "main" if neither does.
  std::string revision = {};
  /// Whole seconds of $HF_HUB_ETAG_TIMEOUT or 10: for an answer about a file.
  std::optional<std::chrono::milliseconds> metadata_timeout = {};
  /// Whole seconds of $HF_HUB_DOWNLOAD_TIMEOUT or 10: without a byte of a file.
  std::optional<std::chrono::milliseconds> stall_timeout = {};
  /// Before the first of at most 5 further attempts; it doubles up to eight times this.
  std::chrono::milliseconds retry_delay = std::chrono::seconds(1);
};

/// Called from time to time on the thread that downloads, with the file's name, the bytes received
/// and the total if it is known. Returning false stops the download (cancelled). It can be resumed.
using DownloadProgress = std::function<bool(std::string_view file, std::uint64_t received,
                                            std::optional<std::uint64_t> total)>;

/// The directory with the files of the model `id`, "org/name" or "org/name@revision", as BLIP needs
/// them, or with those of an adapter of PEFT, without its base model; those that the cache lacks,
/// or whose revision has moved on, are downloaded. Files are checked against the hub's size and
/// hash, and no file appears in the directory before it is whole. Without a network (or with the
/// hub out of order) the cache's own is the answer, if it is whole. Throws invalid_argument (an id
/// that cannot be one), not_found (no such model or revision, or not in the cache while offline),
/// network, unsupported (not a BLIP model), malformed (an answer that breaks the protocol, a wrong
/// hash), limit_exceeded, unreadable (the cache cannot be written) or cancelled.
BLIP_API std::filesystem::path download_model(std::string_view id, const HubOptions& options = {},
                                              const DownloadProgress& progress = {});

/// A BLIP model in the cache.
struct CachedModel {
  std::string id;                   ///< "org/name", or "org/name@revision" for another than main
  std::filesystem::path directory;  ///< its snapshot
  std::uint64_t bytes = 0;          ///< of its files
  bool complete = false;            ///< configuration and weights are there
};

/// The BLIP models in the cache, sorted by id. What is not a model, or cannot be read, is left out.
BLIP_API std::vector<CachedModel> cached_models(const HubOptions& options = {});

struct DownloadLimits {
  std::size_t max_bytes = std::size_t{64} << 20;
  std::chrono::milliseconds total_time = std::chrono::seconds(60);
  std::chrono::milliseconds connect_time = std::chrono::seconds(10);
  int max_redirects = 5;
};

/// What is at an http or https URL. Throws invalid_argument (not such a URL), not_found (404, 410),
/// network (no connection, another status, too slow, too many redirects, one to another protocol)
/// or limit_exceeded.
BLIP_API std::vector<std::byte> download(std::string_view url, const DownloadLimits& limits = {});

}  // namespace blip
