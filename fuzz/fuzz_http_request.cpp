// Any bytes as requests of HTTP, whole and in pieces: the pieces must not matter, and what is taken
// must not be read in two ways.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expectations.hpp"
#include "serve/http/http_error.hpp"
#include "serve/http/request_parser.hpp"
#include "serve/http/target.hpp"

namespace {

using blip::fuzz::require;

using blip::serve::HttpError;
using blip::serve::HttpLimits;
using blip::serve::HttpRequest;
using blip::serve::RequestParser;

struct Outcome {
  int status = 0;  // 0: not complete
  std::string path;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  constexpr HttpLimits kLimits = {.body_bytes = 4096, .header_bytes = 2048, .url_bytes = 256};
  RequestParser parser(kLimits);
  std::string input;
  try {
    for (;;) {
      const std::size_t used = parser.put(input);
      require(used <= input.size());
      input.erase(0, used);
      require(parser.body_bytes() <= kLimits.body_bytes);
      if (parser.state() == RequestParser::State::done) break;
      if (used > 0 || (parser.state() == RequestParser::State::body && !parser.has_body()))
        continue;
      if (bytes.empty()) return {};
      input += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  } catch (const HttpError& error) {
    require(error.status() >= 400 && error.status() < 600);
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return {.status = error.status(), .path = {}, .body = {}};
  }
  const HttpRequest& request = parser.request();
  require(request.path.find('\0') == std::string::npos);
  require(!request.headers.find("Content-Length") || !request.headers.find("Transfer-Encoding"));
  for (const auto& [name, value] : request.headers) {
    require(!name.empty() && value.find_first_of("\r\n") == std::string::npos);
  }
  return {.status = 200, .path = request.path, .body = *request.body};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = parse(text, std::max<std::size_t>(size, 1));
  const Outcome pieces = parse(text, 1);
  // A refusal may come before the bytes that another refusal is for.
  if (whole.status == 200 || pieces.status == 200) require(whole == pieces);
  try {
    static_cast<void>(blip::serve::parse_target(text));
    static_cast<void>(blip::serve::parse_query(text));
  } catch (const HttpError& error) {
    require(error.status() == 400);
  }
  return 0;
}
