// QuietEnvironment: a test's own hub settings, whatever the machine's are.
#pragma once

#include <chrono>
#include <list>
#include <string>

#include "blip/hub.hpp"
#include "tests/core/scoped_variable.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::testing {

/// While it exists, no variable of huggingface_hub and no proxy is set.
class QuietEnvironment {
 public:
  QuietEnvironment() {
    for (const char* name :
         {"HF_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN",
          "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "HF_HUB_OFFLINE",
          "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_ETAG_TIMEOUT",
          "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_DISABLE_SYMLINKS", "http_proxy", "all_proxy",
          "ALL_PROXY"}) {
      variables_.emplace_back(name, std::nullopt);
    }
  }

  /// Settings for a server of the test, in a fresh cache.
  [[nodiscard]] HubOptions options(const std::string& endpoint) const {
    HubOptions options;
    options.cache_directory = directory_.path() / "hub";
    options.endpoint = endpoint;
    options.token = "";
    options.retry_delay = std::chrono::milliseconds(1);
    return options;
  }
  [[nodiscard]] std::filesystem::path cache() const { return directory_.path() / "hub"; }

 private:
  std::list<ScopedVariable> variables_;
  TemporaryDirectory directory_;
};

}  // namespace blip::testing
