#include "serve/request_ids.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace blip::serve {
namespace {

constexpr std::size_t kMaxRequestIdBytes = 64;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string random_hex(std::size_t bytes) {
  thread_local std::mt19937_64 generator{std::random_device{}() ^
                                         (std::uint64_t{std::random_device{}()} << 32)};
  std::string text;
  while (text.size() < bytes * 2) {
    std::uint64_t bits = generator();
    for (int i = 0; i < 16 && text.size() < bytes * 2; ++i, bits >>= 4) {
      text += "0123456789abcdef"[bits & 15];
    }
  }
  return text;
}

std::string request_id_of(std::string_view given) {
  const bool good = !given.empty() && given.size() <= kMaxRequestIdBytes &&
                    std::all_of(given.begin(), given.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
                    });
  return good ? std::string(given) : random_hex(16);
}

std::optional<Trace> trace_of(std::string_view traceparent) {
  // version-trace-span-flags
  if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(3, 32);
  const std::string_view span = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  const bool future = version != "00" && (traceparent.size() == 55 || traceparent[55] == '-');
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(span) ||
      !is_lower_hex(flags) || version == "ff" || is_zero(trace) || is_zero(span) ||
      (!future && traceparent.size() != 55)) {
    return std::nullopt;
  }
  return Trace{
      .id = std::string(trace),
      .response = "00-" + std::string(trace) + "-" + random_hex(8) + "-" + std::string(flags)};
}

}  // namespace blip::serve
