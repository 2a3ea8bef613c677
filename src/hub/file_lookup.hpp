// What the hub says about one file of a model before it is downloaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "blip/error.hpp"
#include "hub/http_session.hpp"
#include "hub/settings.hpp"

namespace blip::hub {

struct FileMetadata {
  std::string commit;
  std::string etag;                   ///< normalized
  std::optional<std::uint64_t> size;  ///< of the file itself
  Url location;                       ///< where its bytes are; often on another host
};

/// Exactly one of the three: the file, `absent`, or a failure.
struct FileLookup {
  std::optional<FileMetadata> found = {};
  bool absent = false;      ///< the hub answers, and has no such file
  std::string commit = {};  ///< of the answer, where it names one
  std::optional<Error> failure = {};
  bool temporary = false;    ///< the same request may fare better in a moment
  bool no_revision = false;  ///< there is such a model, but no such revision
  std::optional<std::chrono::seconds> retry_after = {};
};

/// Asks once, following redirects within the hub. Throws what `keep_going` throws, and cancelled.
FileLookup look_up(HttpSession& session, const HubSettings& settings, const std::string& repository,
                   const std::string& revision, const std::string& file,
                   const std::function<bool()>& keep_going);

}  // namespace blip::hub
