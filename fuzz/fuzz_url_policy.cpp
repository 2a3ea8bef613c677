// Any bytes as the URL of a picture: what is taken is read the same way again and by libcurl, and
// no address that is not the Internet's gets through.
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "serve/pictures/url_policy.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

using blip::serve::FetchUrl;
using blip::serve::IpAddress;
using blip::serve::UrlPolicy;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};

std::string host_by_curl(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return "";
  char* host = nullptr;
  if (curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, FreeText> owner(host);
  return host;
}

void check(const FetchUrl& url) {
  const std::string text = url.text();
  require(FetchUrl::parse(text).text() == text);
  const std::string host = host_by_curl(text);
  const bool brackets = host.starts_with('[');
  // Where libcurl refuses it, nothing is asked.
  require(host.empty() || (brackets ? host.substr(1, host.size() - 2) : host) == url.host);
  const auto literal = IpAddress::parse(url.host);
  try {
    const UrlPolicy policy(true, {});
    policy.check(url);
    if (literal) {
      policy.check(url, {*literal});
      require(literal->reach() == IpAddress::Reach::global);
    }
  } catch (const blip::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { check(FetchUrl::parse(text)); });
  try {
    check(FetchUrl::parse("https://example.org/a/b?c").follow(text));
  } catch (const blip::Error&) {
  }
  return 0;
}
