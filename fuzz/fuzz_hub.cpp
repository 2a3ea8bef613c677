// Any bytes as what a hub may send: headers, a redirect, an index of shards, a configuration; and
// as a model's id. What is accepted must be fit for a file name, a request and a message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expectations.hpp"
#include "hub/http_response.hpp"
#include "hub/model_cache.hpp"
#include "hub/model_files.hpp"
#include "hub/model_id.hpp"
#include "hub/url.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

bool is_one_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

void check_headers(std::string_view text) {
  blip::hub::HttpResponse response;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!response.add_line(line)) break;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  static_cast<void>(response.range_begin());
  static_cast<void>(response.is_redirect());
  const auto wait = response.retry_after();
  require(!wait || wait->count() <= 60);
  for (const auto& [name, value] : response.headers) {
    const auto etag = blip::hub::normalized_etag(value);
    require(!etag || (is_one_name(*etag) && is_one_name(*etag + ".incomplete")));
  }
}

void check_id(std::string_view text) {
  const auto id = blip::hub::parse_model_id(text);
  if (!id) return;
  const std::string directory = blip::hub::directory_name(id->repository);
  require(is_one_name(directory) && blip::hub::repository_of(directory) == id->repository);
  require(("/" + id->revision + "/").find("/../") == std::string::npos);
  require(!id->revision.starts_with('/'));
  const std::string path = blip::hub::percent_encoded(id->revision);
  require(path.find_first_of("/?#% \r\n") == path.find('%'));
}

void check_url(const blip::hub::Url& url) {
  for (const char c : url.text()) require(static_cast<unsigned char>(c) > ' ' && c != 0x7F);
  require(url.text().starts_with("http://") || url.text().starts_with("https://"));
  require(url.same_origin(url) && !url.host().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_headers(text);
  check_id(text);
  try_to([&] { check_url(blip::hub::Url::parse(text)); });
  try_to([&] { check_url(blip::hub::Url::parse("https://example.org/a/b?c").follow(text)); });
  try_to([&] {
    for (const std::string& file : blip::hub::listed_files(text, "fuzz")) {
      require(is_one_name(file));
    }
  });
  static_cast<void>(blip::hub::model_type_of(text, "fuzz"));
  return 0;
}
