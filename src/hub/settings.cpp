#include "hub/settings.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "core/trimmed.hpp"
#include "hub/http_response.hpp"

namespace blip::hub {
namespace {

using Path = std::filesystem::path;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string non_empty_variable(const char* first, const char* second) {
  std::string value = variable(first).value_or("");
  return value.empty() ? variable(second).value_or("") : value;
}

bool is_true(std::string value) {
  for (char& c : value) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

std::optional<std::string> home_of(const std::string& user) {
  passwd entry = {};
  passwd* found = nullptr;
  std::vector<char> buffer(16'384);
  if (user.empty()) {
    if (auto home = variable("HOME")) return home;
    getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found);
  } else {
    getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) return std::nullopt;
  return found->pw_dir;
}

// Python's os.path.expanduser: "~" and "~user" at the beginning.
std::string expand_user(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::size_t end = std::min(path.find('/'), path.size());
  std::optional<std::string> home = home_of(path.substr(1, end - 1));
  if (!home) return path;
  while (home->ends_with('/')) home->pop_back();
  std::string expanded = *home + path.substr(end);
  return expanded.empty() ? "/" : expanded;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Python's os.path.expandvars: $NAME and ${NAME}; unknown ones stay.
std::string expand_variables(const std::string& path) {
  std::string expanded;
  for (std::size_t at = 0; at < path.size();) {
    std::size_t end = at + 1;
    std::string name;
    if (path[at] == '$' && path.compare(at, 2, "${") == 0) {
      const std::size_t close = path.find('}', at);
      if (close != std::string::npos) {
        name = path.substr(at + 2, close - at - 2);
        end = close + 1;
      }
    } else if (path[at] == '$') {
      while (end < path.size() && is_name_character(path[end])) ++end;
      name = path.substr(at + 1, end - at - 1);
    }
    const auto value = name.empty() ? std::nullopt : variable(name.c_str());
    expanded += value ? *value : path.substr(at, end - at);
    at = end;
  }
  return expanded;
}

Path expanded(const std::string& path) {
  return expand_variables(expand_user(path));
}

// $HF_HOME, or where it would be.
Path home_directory() {
  if (const auto home = variable("HF_HOME")) return expanded(*home);
  const Path cache = variable("XDG_CACHE_HOME").value_or(expand_user("~") + "/.cache");
  return expanded((cache / "huggingface").string());
}

Path environment_cache() {
  if (const auto cache = variable("HF_HUB_CACHE")) return expanded(*cache);
  if (const auto cache = variable("HUGGINGFACE_HUB_CACHE")) return expanded(*cache);
  return expanded((home_directory() / "hub").string());
}

std::string clean_token(std::string token) {
  std::erase_if(token, [](char c) { return c == '\r' || c == '\n'; });
  return std::string(trimmed(token, " \t\v\f"));
}

std::string environment_token() {
  if (is_true(variable("HF_HUB_DISABLE_IMPLICIT_TOKEN").value_or(""))) return {};
  std::string token = clean_token(non_empty_variable("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"));
  if (!token.empty()) return token;
  constexpr std::size_t kMaxBytes = std::size_t{64} << 10;  // a token has some 40 bytes
  const auto named = variable("HF_TOKEN_PATH");
  const Path file = named ? expanded(*named) : home_directory() / "token";
  return file_exists(file) ? clean_token(read_text_file(file, kMaxBytes)) : "";
}

std::chrono::milliseconds timeout(const std::optional<std::chrono::milliseconds>& option,
                                  const char* name) {
  constexpr std::uint64_t kUsual = 10;
  constexpr std::uint64_t kMost = 86'400;  // a day
  if (option) return *option;
  const auto text = variable(name);
  if (!text || text->empty()) return std::chrono::seconds(kUsual);
  const auto seconds = parse_size(*text);
  if (!seconds || *seconds > kMost) {
    throw Error(ErrorCode::invalid_argument, std::string("the environment variable ") + name +
                                                 ": not a whole number of seconds from 0 to " +
                                                 std::to_string(kMost));
  }
  return std::chrono::seconds(*seconds == 0 ? kUsual : *seconds);
}

Url endpoint_from(const HubOptions& options) {
  std::string text = options.endpoint;
  const bool from_environment = text.empty();
  if (from_environment) text = variable("HF_ENDPOINT").value_or("https://huggingface.co");
  try {
    return Url::parse(text);
  } catch (const Error& error) {
    throw Error(error.code(), std::string("the hub's endpoint (HF_ENDPOINT) ") + error.what());
  }
}

}  // namespace

std::filesystem::path cache_directory(const HubOptions& options) {
  const Path path = options.cache_directory.empty() ? environment_cache() : options.cache_directory;
  std::error_code error;
  Path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error || absolute.native().find('\0') != std::string::npos) {
    throw Error(ErrorCode::invalid_argument, path.string() + ": cannot be the hub's cache");
  }
  return absolute;
}

HubSettings settings_from(const HubOptions& options) {
  const std::string offline = non_empty_variable("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE");
  return {.cache = cache_directory(options),
          .endpoint = endpoint_from(options),
          .token = options.token ? clean_token(*options.token) : environment_token(),
          .offline = options.offline.value_or(is_true(offline)),
          .symlinks = !is_true(variable("HF_HUB_DISABLE_SYMLINKS").value_or("")),
          .metadata_timeout = timeout(options.metadata_timeout, "HF_HUB_ETAG_TIMEOUT"),
          .stall_timeout = timeout(options.stall_timeout, "HF_HUB_DOWNLOAD_TIMEOUT"),
          .retry_delay = options.retry_delay};
}

std::string HubSettings::hub() const {
  std::string text = endpoint.text();
  while (text.ends_with('/')) text.pop_back();
  return text;
}

bool HubSettings::trusts(const Url& url) const {
  static const std::array kHub = {Url::parse("https://huggingface.co"),
                                  Url::parse("https://hub-ci.huggingface.co"),
                                  Url::parse("https://hf.co")};
  return url.same_origin(endpoint) || std::any_of(kHub.begin(), kHub.end(), [&](const Url& hub) {
           return url.same_origin(hub);
         });
}

}  // namespace blip::hub
