// What is looked for in the photo library, as a request's query has it.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "core/unicode.hpp"
#include "serve/dialects/native_library.hpp"

namespace blip::serve {
namespace {

// A person types less; every text is compared with every photo, or read by a model.
constexpr std::size_t kMostTextBytes = 2000;
// Tags, cameras and paths.
constexpr std::size_t kMostOfAKind = 16;
// Of shell patterns, whose time grows with both, for each photo.
constexpr std::ptrdiff_t kMostStars = 8;
constexpr std::size_t kMostPatternBytes = 300;
constexpr std::int64_t kMostOffset = 1'000'000'000;

[[noreturn]] void refuse(std::string_view name, const std::string& why) {
  throw Error(ErrorCode::invalid_argument, "request: " + std::string(name) + " " + why);
}

std::vector<std::string> texts_of(const HttpRequest& http, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : http.query) {
    if (key != name || value.find_first_not_of(" \t") == std::string::npos) continue;
    if (!is_valid_utf8(value)) refuse(name, "is not UTF-8");
    if (value.find('\0') != std::string::npos) refuse(name, "has a zero byte");
    if (value.size() > kMostTextBytes) refuse(name, "has more than 2000 bytes");
    texts.push_back(value);
  }
  if (texts.size() > kMostOfAKind) refuse(name, "is there more than 16 times");
  return texts;
}

std::vector<std::string> patterns_of(const HttpRequest& http, std::string_view name) {
  std::vector<std::string> patterns = texts_of(http, name);
  std::size_t bytes = 0;
  for (const std::string& each : patterns) {
    bytes += each.size();
    if (bytes > kMostPatternBytes) refuse(name, "has more than 300 bytes");
    if (std::count(each.begin(), each.end(), '*') > kMostStars) refuse(name, "has more than 8 *");
  }
  return patterns;
}

std::optional<std::string> text_of(const HttpRequest& http, std::string_view name) {
  std::vector<std::string> texts = texts_of(http, name);
  if (texts.size() > 1) refuse(name, "is there more than once");
  return texts.empty() ? std::nullopt : std::optional(std::move(texts.front()));
}

std::optional<std::int64_t> number_of(const HttpRequest& http, std::string_view name,
                                      std::int64_t least, std::int64_t most) {
  const auto text = text_of(http, name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end || value < least || value > most) {
    refuse(name,
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

}  // namespace

LibraryRequest library_request_of(const HttpRequest& http) {
  LibraryRequest request;
  app::PhotoQuery& query = request.query;
  if (auto text = text_of(http, "q")) query.text = app::SearchedText{std::move(*text)};
  if (auto text = text_of(http, "not")) query.unwanted = app::SearchedText{std::move(*text)};
  query.like = number_of(http, "like", 1, INT64_MAX);
  app::PictureFilter& filter = query.filter;
  if (const auto date = text_of(http, "after")) filter.after = app::first_moment(*date);
  if (const auto date = text_of(http, "before")) filter.before = app::first_moment(*date);
  if (const auto place = text_of(http, "near")) filter.near = app::surroundings_of(*place);
  filter.tags = texts_of(http, "tag");
  filter.cameras = patterns_of(http, "camera");
  filter.paths = patterns_of(http, "path");
  request.offset = static_cast<std::size_t>(number_of(http, "offset", 0, kMostOffset).value_or(0));
  request.limit = static_cast<std::size_t>(
      number_of(http, "limit", 1, kMostListed).value_or(static_cast<std::int64_t>(request.limit)));
  return request;
}

}  // namespace blip::serve
