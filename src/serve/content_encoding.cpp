#include "serve/content_encoding.hpp"

#include <memory>
#include <utility>

#include "blip/error.hpp"
#include "core/gzip.hpp"
#include "serve/http/http_error.hpp"

namespace blip::serve {

void decode_content(HttpRequest& request, std::size_t max_bytes) {
  const auto header = request.headers.find("Content-Encoding");
  if (!header) return;
  std::string encoding(*header);
  for (char& c : encoding) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (encoding.empty() || encoding == "identity") return;
  try {
    std::string bytes;
    if (encoding == "gzip" || encoding == "x-gzip") {
      bytes = unpack_gzip(*request.body, max_bytes, "the request body");
    } else if (encoding == "deflate") {
      bytes = unpack_deflate(*request.body, max_bytes, "the request body");
    } else {
      throw HttpError(415, "the content encodings understood here are gzip and deflate");
    }
    request.body = std::make_shared<const std::string>(std::move(bytes));
    request.headers.remove("Content-Encoding");
  } catch (const Error& error) {
    throw HttpError(error.code() == ErrorCode::limit_exceeded ? 413 : 400, error.what());
  }
}

}  // namespace blip::serve
