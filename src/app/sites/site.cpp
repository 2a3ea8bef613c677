#include "app/sites/site.hpp"

#include <algorithm>
#include <span>
#include <system_error>

#include "blip/error.hpp"
#include "core/file_ending.hpp"
#include "core/open_file.hpp"
#include "core/trimmed.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

// "https:", "data:", "//host"
bool leads_elsewhere(std::string_view address) {
  if (address.starts_with("//")) return true;
  const std::size_t end = address.find_first_of(":/?#");
  return end != std::string_view::npos && end > 0 && address[end] == ':';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Nothing for an address with a NUL, which no file's name has.
std::optional<std::string> percent_decoded(std::string_view address) {
  std::string path;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const bool is_code = address[i] == '%' && i + 2 < address.size() &&
                         hex_digit(address[i + 1]) >= 0 && hex_digit(address[i + 2]) >= 0;
    path += is_code ? static_cast<char>(hex_digit(address[i + 1]) * 16 + hex_digit(address[i + 2]))
                    : address[i];
    if (is_code) i += 2;
  }
  if (path.find('\0') != std::string::npos) return std::nullopt;
  return path;
}

// Those of a folder and of the folders in it.
void add_pages(const fs::path& folder, PagesOfSite& site) {
  std::error_code error;
  std::vector<fs::path> folders;
  fs::directory_iterator next(folder, error);
  for (; !error && next != fs::directory_iterator(); next.increment(error)) {
    const fs::path& path = next->path();
    std::error_code ignored;
    if (path.filename().native().starts_with('.') || next->is_symlink(ignored)) continue;
    if (next->is_directory(ignored)) {
      folders.push_back(path);
    } else if (next->is_regular_file(ignored) && language_of(path)) {
      site.pages.push_back(path);
    }
  }
  if (error) site.errors.push_back(folder.string() + ": " + error.message());
  for (const fs::path& each : folders) add_pages(each, site);
}

}  // namespace

std::optional<PageLanguage> language_of(const fs::path& page) {
  const std::string ending = file_ending(page);
  if (ending == "html" || ending == "htm" || ending == "xhtml") return PageLanguage::html;
  if (ending == "md" || ending == "markdown") return PageLanguage::markdown;
  return std::nullopt;
}

std::string read_page(const fs::path& page) {
  const OpenFile file(page);
  if (file.size() > kMaxPageBytes) {
    throw Error(ErrorCode::limit_exceeded,
                page.string() + ": has more than " + std::to_string(kMaxPageBytes) + " bytes");
  }
  std::string bytes(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(bytes)));
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    throw Error(ErrorCode::unsupported, page.string() +
                                            ": is UTF-16; only UTF-8 and encodings "
                                            "with ASCII in them can be written");
  }
  return bytes;
}

Site::Site(const fs::path& root) : named_(root) {
  std::error_code error;
  canonical_ = fs::canonical(root, error);
  if (error) throw Error(ErrorCode::not_found, root.string() + ": " + error.message());
  if (!fs::is_directory(canonical_, error)) canonical_ = canonical_.parent_path();
}

bool Site::holds(const fs::path& canonical) const {
  const auto [end, ignored] =
      std::mismatch(canonical_.begin(), canonical_.end(), canonical.begin(), canonical.end());
  return end == canonical_.end();
}

PagesOfSite Site::pages() const {
  PagesOfSite site;
  std::error_code error;
  if (!fs::is_directory(named_, error)) {
    site.pages.push_back(named_);
    return site;
  }
  add_pages(named_, site);
  std::ranges::sort(site.pages);
  return site;
}

void Site::require_page(const fs::path& page) const {
  std::error_code error;
  const fs::path real = fs::canonical(page, error);
  const bool is_page = !error && language_of(page) && fs::is_regular_file(real, error) &&
                       !fs::is_symlink(page, error) && holds(real);
  if (!is_page) {
    throw Error(ErrorCode::invalid_argument, page.string() + ": is no page of " + named_.string());
  }
}

PictureInSite Site::picture(const fs::path& page, const std::string& src,
                            const std::optional<std::string>& base) const {
  std::string_view address = trimmed(src, " \t\r\n\f");
  if (leads_elsewhere(address)) return {.cause = "is elsewhere"};
  fs::path folder = page.parent_path();
  const auto below = [&](std::string_view text) -> std::optional<fs::path> {
    const auto path = percent_decoded(text.substr(0, text.find_first_of("?#")));
    if (!path) return std::nullopt;
    if (!path->starts_with('/')) return folder / *path;
    const std::size_t name = path->find_first_not_of('/');
    return name == std::string::npos ? canonical_ : canonical_ / path->substr(name);
  };
  if (base) {
    const std::string_view start = trimmed(*base, " \t\r\n\f");
    if (leads_elsewhere(start)) return {.cause = "is elsewhere, by <base>"};
    const auto path = below(start);
    if (!path) return {.cause = "has no path"};
    folder = start.ends_with('/') ? *path : path->parent_path();
  }
  const auto path = below(address);
  if (!path) return {.cause = "has no path"};
  std::error_code error;
  const fs::path real = fs::canonical(*path, error);
  if (error) return {.cause = "is not there"};
  if (!holds(real)) return {.cause = "is outside of the site"};
  if (!fs::is_regular_file(real, error)) return {.cause = "is no file"};
  return {.path = real};
}

}  // namespace blip::app
