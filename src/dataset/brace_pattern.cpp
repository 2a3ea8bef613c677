#include "dataset/brace_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "blip/error.hpp"

namespace blip::dataset {
namespace {

[[noreturn]] void fail(const std::string& pattern, const char* problem) {
  throw Error(ErrorCode::invalid_argument, pattern + ": " + problem);
}

[[noreturn]] void fail_too_many(const std::string& pattern) {
  throw Error(ErrorCode::limit_exceeded,
              pattern + ": more than " + std::to_string(kMaxExpandedNames) + " names");
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits.front() == '0';
}

std::vector<std::string> numbers_between(const std::string& pattern, std::string_view first_text,
                                         std::string_view last_text) {
  const auto first = number(first_text);
  const auto last = number(last_text);
  if (!first || !last || *first > *last) {
    fail(pattern, "a pair of braces needs two numbers, the smaller first, as in {000..127}");
  }
  if (*last - *first >= kMaxExpandedNames) fail_too_many(pattern);
  const std::size_t width = has_leading_zero(first_text) || has_leading_zero(last_text)
                                ? std::max(first_text.size(), last_text.size())
                                : 0;
  std::vector<std::string> numbers;
  for (std::uint64_t value = *first; value <= *last; ++value) {
    std::string digits = std::to_string(value);
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    numbers.push_back(std::move(digits));
  }
  return numbers;
}

std::vector<std::string> alternatives(const std::string& pattern, std::string_view inside) {
  if (const std::size_t dots = inside.find(".."); dots != std::string_view::npos) {
    return numbers_between(pattern, inside.substr(0, dots), inside.substr(dots + 2));
  }
  if (inside.find(',') == std::string_view::npos) {
    fail(pattern, "a pair of braces holds neither FIRST..LAST nor alternatives with commas");
  }
  std::vector<std::string> parts;
  for (std::size_t comma = inside.find(','); comma != std::string_view::npos;
       comma = inside.find(',')) {
    parts.emplace_back(inside.substr(0, comma));
    inside.remove_prefix(comma + 1);
  }
  parts.emplace_back(inside);
  return parts;
}

}  // namespace

std::vector<std::string> expand_braces(const std::string& pattern) {
  std::vector<std::string> names = {""};
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const std::size_t brace = std::min(rest.find_first_of("{}"), rest.size());
    for (std::string& name : names) name += rest.substr(0, brace);
    rest.remove_prefix(brace);
    if (rest.empty()) break;
    const std::size_t close = rest.find_first_of("{}", 1);
    if (rest.front() == '}' || close == std::string_view::npos || rest[close] == '{') {
      fail(pattern, "a brace without its partner");
    }
    const auto parts = alternatives(pattern, rest.substr(1, close - 1));
    if (names.size() > kMaxExpandedNames / parts.size()) fail_too_many(pattern);
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (const std::string& part : parts) longer.push_back(name + part);
    }
    names = std::move(longer);
    rest.remove_prefix(close + 1);
  }
  return names;
}

}  // namespace blip::dataset
