// The bytes of one file, from wherever the hub keeps them into the cache's blobs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "hub/file_lookup.hpp"
#include "hub/http_session.hpp"
#include "hub/settings.hpp"

namespace blip::hub {

struct BlobRequest {
  std::string name;             ///< for messages: "org/name: model.safetensors"
  FileMetadata metadata;        ///< of the file
  std::uint64_t max_bytes = 0;  ///< the largest that is accepted
  /// Asks the hub anew: addresses of its storage expire.
  std::function<FileMetadata()> renew;
  /// Bytes that are there; false stops, and is then the answer for ever.
  std::function<bool(std::uint64_t)> progress;
};

/// Fills `partial`, going on where an earlier attempt left off, until it is as long as promised and
/// has the right hash. Loss of the connection and answers that say "later" are retried, up to 5
/// times without getting on. When it throws (network, limit_exceeded, malformed for a wrong hash,
/// unreadable for a disk that is full, cancelled) `partial` stays, to be resumed, unless its
/// content is known to be wrong.
void download_blob(HttpSession& session, const HubSettings& settings, const BlobRequest& request,
                   const std::filesystem::path& partial);

}  // namespace blip::hub
