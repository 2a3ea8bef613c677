#include "hub/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "blip/error.hpp"
#include "core/ascii_case.hpp"
#include "core/in_quotes.hpp"

namespace blip::hub {
namespace {

// Signed addresses of the hub's storage take some 2 KiB; browsers and servers stop at 8 to 64 KiB.
constexpr std::size_t kMaxUrlBytes = 16'384;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeText> owner(text);
  return text;
}

}  // namespace

std::string Url::assign(const char* base, std::string_view text) {
  if (text.size() > kMaxUrlBytes) {
    return "longer than " + std::to_string(kMaxUrlBytes) + " bytes";
  }
  if (text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      })) {
    return "not a URL";
  }
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const std::string terminated(text);
  if (url == nullptr) return "not enough memory";
  if (base != nullptr && curl_url_set(url.get(), CURLUPART_URL, base, 0) != CURLUE_OK) {
    return "not a URL";
  }
  // By its name, an unknown protocol can be told from an ill-formed URL.
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, terminated.c_str(),
                                      CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return std::string("not a URL (") + curl_url_strerror(code) + ")";
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);  // no server ever sees it
  scheme_ = ascii_lower(part_of(url.get(), CURLUPART_SCHEME));
  if (scheme_ != "http" && scheme_ != "https") {
    return in_quotes(scheme_) + " is no protocol of the web: only http and https are";
  }
  host_ = ascii_lower(part_of(url.get(), CURLUPART_HOST));
  port_ = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  text_ = part_of(url.get(), CURLUPART_URL);
  return host_.empty() || text_.empty() ? "not a URL: it names no host" : "";
}

Url Url::parse(std::string_view text) {
  Url url;
  const std::string problem = url.assign(nullptr, text);
  if (!problem.empty()) {
    // As the caller wrote it, where it can be shown: that is what a record of it is named.
    const bool shown = text.size() <= kMaxUrlBytes && text == one_line(text);
    throw Error(ErrorCode::invalid_argument,
                (shown ? std::string(text) : in_quotes(text)) + ": " + problem);
  }
  return url;
}

Url Url::follow(std::string_view location) const {
  Url target;
  const std::string problem = target.assign(text_.c_str(), location);
  if (!problem.empty()) {
    throw Error(ErrorCode::network,
                text_ + ": redirects to " + in_quotes(location) + ": " + problem);
  }
  return target;
}

bool Url::same_origin(const Url& other) const noexcept {
  return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
}

std::string percent_encoded(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += '%';
      text += kHex[byte >> 4U];
      text += kHex[byte & 15U];
    }
  }
  return text;
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kMaxBytes = 200;  // of a message that says more than this, too
  std::string line(text.substr(0, kMaxBytes));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return line;
}

}  // namespace blip::hub
