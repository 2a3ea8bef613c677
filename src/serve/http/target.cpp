#include "serve/http/target.hpp"

#include <algorithm>

#include "serve/http/http_error.hpp"

namespace blip::serve {
namespace {

int hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded_or_refused(std::string_view text, bool plus_is_space) {
  auto decoded = percent_decoded(text, plus_is_space);
  if (!decoded) throw HttpError(400, "the URL holds a bad percent-encoding");
  return std::move(*decoded);
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hexadecimal_digit(text[i + 1]);
      const int low = hexadecimal_digit(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return decoded;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    if (field.empty()) continue;
    if (fields.size() == kMaxQueryFields) throw HttpError(400, "the URL has too many parameters");
    const std::size_t equals = field.find('=');
    fields.emplace_back(
        decoded_or_refused(field.substr(0, equals), true),
        equals == std::string_view::npos ? "" : decoded_or_refused(field.substr(equals + 1), true));
  }
  return fields;
}

Target parse_target(std::string_view text) {
  // Beyond ASCII and below '!' nothing is a URL's.
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == 0x7F; })) {
    throw HttpError(400, "the URL holds a character that must be percent-encoded");
  }
  Target target;
  if (text == "*") {
    target.path = "*";
    return target;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
    if (text.empty()) return target;
    if (text.front() == '?') {
      target.query = parse_query(text.substr(1));
      return target;
    }
  }
  if (!text.starts_with('/')) throw HttpError(400, "the URL's path must begin with /");
  text = text.substr(0, text.find('#'));
  const std::size_t mark = text.find('?');
  target.path = decoded_or_refused(text.substr(0, mark), false);
  if (mark != std::string_view::npos) target.query = parse_query(text.substr(mark + 1));
  return target;
}

}  // namespace blip::serve
