// HubSettings: HubOptions with every gap filled from the environment.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "blip/hub.hpp"
#include "hub/url.hpp"

namespace blip::hub {

struct HubSettings {
  std::filesystem::path cache;  ///< absolute
  Url endpoint;
  std::string token;  ///< empty: none
  bool offline = false;
  bool symlinks = true;  ///< off: files lie in the snapshot itself ($HF_HUB_DISABLE_SYMLINKS)
  std::chrono::milliseconds metadata_timeout{};
  std::chrono::milliseconds stall_timeout{};
  std::chrono::milliseconds retry_delay{};

  /// The endpoint as people write it, without a slash at its end.
  [[nodiscard]] std::string hub() const;
  /// Whether the token may go there: to the endpoint, and to the hosts of the hub itself.
  [[nodiscard]] bool trusts(const Url& url) const;
};

/// Throws invalid_argument, naming the variable or the option, or what reading the token's file
/// throws.
HubSettings settings_from(const HubOptions& options);

/// Only where the cache is. Nothing that can be wrong with the other settings is looked at.
std::filesystem::path cache_directory(const HubOptions& options);

}  // namespace blip::hub
