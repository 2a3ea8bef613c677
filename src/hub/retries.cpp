#include "hub/retries.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace blip::hub {
namespace {

// Both as huggingface_hub has them.
constexpr int kMaxRetries = 5;
constexpr int kMaxDoublings = 3;

}  // namespace

Retries::Retries(std::chrono::milliseconds first_delay, std::function<bool()> keep_going)
    : first_delay_(first_delay), keep_going_(std::move(keep_going)) {}

bool Retries::again(std::optional<std::chrono::seconds> asked_for) {
  if (failures_ >= kMaxRetries) return false;
  const std::chrono::milliseconds doubled =
      first_delay_ * (1 << std::min(failures_, kMaxDoublings));
  ++failures_;
  const auto end = std::chrono::steady_clock::now() +
                   (asked_for ? std::chrono::milliseconds(*asked_for) : doubled);
  while (keep_going_()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::steady_clock::duration::zero()) break;
    std::this_thread::sleep_for(
        std::min<std::chrono::steady_clock::duration>(left, std::chrono::milliseconds(100)));
  }
  return true;
}

void Retries::reset() {
  failures_ = 0;
}

}  // namespace blip::hub
