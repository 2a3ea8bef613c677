// ImageFetcher: gets pictures by their URLs, within the rules of a UrlPolicy.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "serve/pictures/url_policy.hpp"

namespace blip::serve {

struct FetchLimits {
  std::size_t bytes = std::size_t{64} << 20;
  std::chrono::milliseconds connect_time = std::chrono::seconds(3);
  std::chrono::milliseconds total_time = std::chrono::seconds(10);  ///< redirects included
  int redirects = 3;
};

class ImageFetcher {
 public:
  /// The addresses of a host name, none if there are none.
  using Resolve = std::function<std::vector<IpAddress>(const std::string& host)>;

  explicit ImageFetcher(UrlPolicy policy, FetchLimits limits = {}, Resolve resolve = {});

  /// What is at `url`. A host is resolved once, and connected to at the addresses that were
  /// checked. Throws invalid_argument (not allowed), network, limit_exceeded; messages tell neither
  /// addresses nor what the other side said. May take FetchLimits::total_time. For many threads.
  [[nodiscard]] std::string fetch(const std::string& url) const;

  [[nodiscard]] const UrlPolicy& policy() const noexcept { return policy_; }

 private:
  UrlPolicy policy_;
  FetchLimits limits_;
  Resolve resolve_;
};

}  // namespace blip::serve
