#include "hub/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/trimmed.hpp"

namespace blip::hub {
namespace {

// The hub sends some 3 KiB; Apache and nginx allow clients 8 to 32 KiB.
constexpr std::size_t kMaxHeaderBytes = std::size_t{256} << 10;

constexpr std::chrono::seconds kLongestWait{60};

}  // namespace

bool HttpResponse::add_line(std::string_view line) {
  header_bytes += line.size();
  if (header_bytes > kMaxHeaderBytes) return false;
  if (line.starts_with("HTTP/")) {
    headers.clear();
    status = 0;
    const std::size_t space = std::min(line.find(' '), line.size() - 1);
    const std::string_view code = line.substr(space + 1, 3);
    std::from_chars(code.data(), code.data() + code.size(), status);
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  std::string name(line.substr(0, colon));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return true;
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& header) { return header.first == name; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

bool HttpResponse::is_redirect() const {
  const bool moved =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return moved && header("location").has_value();
}

std::optional<std::uint64_t> HttpResponse::range_begin() const {
  const auto range = header("content-range");
  constexpr std::string_view kUnit = "bytes ";
  if (!range || !range->starts_with(kUnit)) return std::nullopt;
  const std::string_view numbers = range->substr(kUnit.size());
  return parse_size(numbers.substr(0, numbers.find('-')));
}

std::optional<std::chrono::seconds> HttpResponse::retry_after() const {
  const auto text = header("retry-after");
  const auto seconds = text ? parse_size(*text) : std::nullopt;
  if (!seconds) return std::nullopt;
  const auto longest = static_cast<std::uint64_t>(kLongestWait.count());
  return std::chrono::seconds(std::min(*seconds, longest));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::string> normalized_etag(std::string_view header) {
  constexpr std::size_t kMaxBytes = 200;  // with an ending, still a file name
  header.remove_prefix(std::min(header.find_first_not_of("W/"), header.size()));
  header.remove_prefix(std::min(header.find_first_not_of('"'), header.size()));
  header = header.substr(0, header.find_last_not_of('"') + 1);
  const bool plain = std::all_of(header.begin(), header.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (header.empty() || header.size() > kMaxBytes || !plain || header.front() == '.' ||
      header.ends_with(".incomplete") || header.ends_with(".lock")) {
    return std::nullopt;
  }
  return std::string(header);
}

bool is_hexadecimal(std::string_view text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace blip::hub
