// Retries: how often and after which pauses a request is made again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

namespace blip::hub {

class Retries {
 public:
  /// `keep_going` is asked ten times a second during a pause.
  Retries(std::chrono::milliseconds first_delay, std::function<bool()> keep_going);

  /// False after 5 attempts more than the first. Otherwise pauses as long as the server asks for,
  /// or twice as long as the last time, up to eight times the first delay, and answers true. Also
  /// true if the caller stops: ask it.
  bool again(std::optional<std::chrono::seconds> asked_for = {});
  /// Something was achieved: the count begins anew.
  void reset();

 private:
  std::chrono::milliseconds first_delay_;
  std::function<bool()> keep_going_;
  int failures_ = 0;
};

}  // namespace blip::hub
