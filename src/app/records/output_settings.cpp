#include "app/records/output_settings.hpp"

#include <sys/xattr.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

using Settings = std::map<std::string, std::string>;

constexpr const char* kAttribute = "user.blip.settings";
// The most that Linux lets an attribute hold; most file systems have less room.
constexpr std::size_t kMaxAttributeBytes = 65'536;
constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// A link's target is what is written to, and what a name beside it belongs to.
fs::path beside(const fs::path& file) {
  std::error_code error;
  const fs::path target = fs::canonical(file, error);
  return (error ? file : target).string() + ".settings";
}

std::optional<std::string> read_attribute(const fs::path& file) {
  std::string text(kMaxAttributeBytes, '\0');
  const ssize_t size = ::getxattr(file.c_str(), kAttribute, text.data(), text.size());
  if (size < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> kept_text(const fs::path& file) {
  if (auto text = read_attribute(file)) return text;
  try {
    return read_text_file(beside(file), kMaxFileBytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Nothing: there are none, or what is there was not written by us.
std::optional<Settings> kept(const fs::path& file) {
  const auto text = kept_text(file);
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Settings settings;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return std::nullopt;
    settings.emplace(name, value.get<std::string>());
  }
  return settings;
}

// "--prompt 'a photo of'", "--sample", "no --prompt"
std::string shown(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return "no --" + name;
  if (found->second == "true") return "--" + name;
  return "--" + name + " " + in_quotes(printable(found->second));
}

bool same(const Settings& left, const Settings& right, const std::string& name) {
  const auto in_left = left.find(name);
  const auto in_right = right.find(name);
  if (in_left == left.end() || in_right == right.end()) {
    return in_left == left.end() && in_right == right.end();
  }
  return in_left->second == in_right->second;
}

}  // namespace

// JSON keeps them, which holds UTF-8 only.
OutputSettings::OutputSettings(fs::path file, Settings settings) : file_(std::move(file)) {
  for (auto& [name, value] : settings) settings_.emplace(name, path_text(value));
}

void OutputSettings::require_same() const {
  std::error_code error;
  if (file_.empty() || !is_plain_file(file_) || fs::file_size(file_, error) == 0) return;
  const auto earlier = kept(file_);
  if (!earlier) return;
  for (const Settings& names : {settings_, *earlier}) {
    for (const auto& [name, value] : names) {
      if (same(settings_, *earlier, name)) continue;
      throw Error(ErrorCode::invalid_argument, file_.string() + ": was made with " +
                                                   shown(*earlier, name) + ", and this run has " +
                                                   shown(settings_, name) +
                                                   "; --force continues it all the same");
    }
  }
}

void OutputSettings::keep() const {
  if (file_.empty() || !is_plain_file(file_)) return;
  const std::string text = nlohmann::json(settings_).dump();
  if (::setxattr(file_.c_str(), kAttribute, text.data(), text.size(), 0) == 0) return;
  ::removexattr(file_.c_str(), kAttribute);  // of an earlier run, with shorter ones
  try {
    replace_file(beside(file_), text);
  } catch (const Error&) {
    // The directory cannot be written to, only the file.
  }
}

}  // namespace blip::app
