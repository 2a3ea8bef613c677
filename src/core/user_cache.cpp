#include "core/user_cache.hpp"

#include <cstdlib>

namespace blip {
namespace {

std::filesystem::path absolute_path(const char* variable) {
  const char* value = std::getenv(variable);
  const std::filesystem::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : std::filesystem::path();
}

}  // namespace

std::filesystem::path user_cache_directory() {
  if (const auto cache = absolute_path("XDG_CACHE_HOME"); !cache.empty()) return cache / "blip";
  if (const auto home = absolute_path("HOME"); !home.empty()) return home / ".cache" / "blip";
  return {};
}

std::filesystem::path user_data_directory() {
  if (const auto data = absolute_path("XDG_DATA_HOME"); !data.empty()) return data / "blip";
  if (const auto home = absolute_path("HOME"); !home.empty()) {
    return home / ".local" / "share" / "blip";
  }
  return {};
}

}  // namespace blip
