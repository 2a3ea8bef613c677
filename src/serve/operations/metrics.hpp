// What /metrics says, in the text format of Prometheus. Written here because it is shorter than the
// use of a library; the numbers of the engine come from the engine.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "serve/engine/engine.hpp"

namespace blip::serve {

class Metrics {
 public:
  /// A request that was answered. `api` and `task` are words of ours, never a client's.
  void count_request(std::string_view api, std::string_view task, int status, double seconds);

  [[nodiscard]] std::string text(const EngineStatus& status, const EngineMetrics& engine,
                                 std::size_t connections) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests_;
  std::map<std::string, Histogram> durations_;  // by api
};

/// The Content-Type of the text.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace blip::serve
