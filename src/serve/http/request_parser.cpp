// The one file that includes Beast.
#include "serve/http/request_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "serve/http/http_error.hpp"
#include "serve/http/request_head.hpp"
#include "serve/http/target.hpp"

namespace blip::serve {
namespace {

namespace beast_http = boost::beast::http;

// A line that tells the size of a chunk, or a trailer field.
constexpr std::size_t kMaxChunkLineBytes = 4096;

[[noreturn]] void throw_http_error(const boost::beast::error_code& error) {
  if (error == beast_http::error::header_limit) throw HttpError(431, "the header is too large");
  throw HttpError(400, "not a request of HTTP: " + error.message());
}

// A body as a string that grows with what comes. Beast's own takes memory for all that a client
// promises in Content-Length.
struct GrowingBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, typename Fields>
    reader(beast_http::header<is_request, Fields>& /*head*/, std::string& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, boost::beast::error_code& error) {
      error = {};
    }
    template <typename Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      const std::size_t before = body_.size();
      for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      return body_.size() - before;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    std::string& body_;
  };
};

}  // namespace

struct RequestParser::Beast {
  HttpLimits limits;
  beast_http::request_parser<GrowingBody> parser;
  HttpRequest request;
  State state = State::head;
  bool has_body = false;
  bool is_http_1_1 = false;
  bool keeps_alive = false;

  std::size_t feed(std::string_view bytes) {
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error && error != beast_http::error::need_more) throw_http_error(error);
    return used;
  }

  void read_head() {
    const auto& message = parser.get();
    request.method = std::string(message.method_string());
    Target target = parse_target({message.target().data(), message.target().size()});
    request.path = std::move(target.path);
    request.query = std::move(target.query);
    for (const auto& field : message) {
      request.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    has_body = !parser.is_done();
    keeps_alive = parser.keep_alive();
    is_http_1_1 = message.version() == 11;
    state = State::body;
  }

  void finish() {
    request.body = std::make_shared<const std::string>(std::move(parser.get().body()));
    state = State::done;
  }

  // "POST /blip/v1/caption?…", of which the rest may be missing or wrong.
  void guess_path(std::string_view bytes) {
    constexpr std::size_t kMaxPath = 256;
    const std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
    const std::size_t begin = line.find(' ');
    if (begin == std::string_view::npos) return;
    const std::string_view path = line.substr(
        begin + 1, std::min(line.find_first_of(" ?#%", begin + 1), line.size()) - begin - 1);
    if (path.starts_with('/') && path.size() <= kMaxPath) request.path = std::string(path);
  }

  std::size_t put_head(std::string_view bytes) {
    // An empty line before the request, which some old clients send behind a body.
    std::size_t skipped = 0;
    while (skipped < 8 && bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
    if (skipped > 0) return skipped;
    const std::size_t end = bytes.find("\r\n\r\n");
    const std::size_t line_end = bytes.find("\r\n");
    // The method and the version take some bytes of the line, too.
    if (std::min(line_end, bytes.size()) > limits.url_bytes + 64) {
      throw HttpError(414, "the URL is too long");
    }
    if (end == std::string_view::npos ? bytes.size() > limits.header_bytes
                                      : end + 4 > limits.header_bytes) {
      throw HttpError(
          431, "the header is larger than " + std::to_string(limits.header_bytes) + " bytes");
    }
    if (end == std::string_view::npos) {
      // Not to wait for an empty line that cannot come.
      if (bytes.find("\n\n") != std::string_view::npos ||
          bytes.find("\n\r\n") != std::string_view::npos) {
        throw HttpError(400, "a line without CR LF");
      }
      return 0;
    }
    const std::string_view head = bytes.substr(0, end + 4);
    check_request_head(head);
    const std::size_t used = feed(head);
    if (used != head.size() || !parser.is_header_done()) {
      throw HttpError(400, "not a request of HTTP");
    }
    read_head();
    return used;
  }

  std::size_t put_body(std::string_view bytes) {
    if (parser.is_done()) {
      finish();
      return 0;
    }
    const std::size_t used = bytes.empty() ? 0 : feed(bytes);
    if (parser.get().body().size() > limits.body_bytes) {
      throw HttpError(
          413, "the request body is larger than " + std::to_string(limits.body_bytes) + " bytes");
    }
    if (parser.is_done()) {
      finish();
    } else if (bytes.size() - used > kMaxChunkLineBytes) {
      throw HttpError(400, "a chunk without an end to its size");
    }
    return used;
  }
};

RequestParser::RequestParser(const HttpLimits& limits) : beast_(std::make_unique<Beast>()) {
  beast_->limits = limits;
  beast_->parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  // Ours is checked below: Beast's refuses before the head can be looked at.
  beast_->parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  beast_->parser.eager(true);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::put(std::string_view bytes) {
  switch (beast_->state) {
    case State::head:
      try {
        return beast_->put_head(bytes);
      } catch (const HttpError&) {
        beast_->guess_path(bytes);
        throw;
      }
    case State::body:
      return beast_->put_body(bytes);
    case State::done:
      break;
  }
  return 0;
}

RequestParser::State RequestParser::state() const noexcept {
  return beast_->state;
}
HttpRequest& RequestParser::request() noexcept {
  return beast_->request;
}
std::size_t RequestParser::body_bytes() const noexcept {
  return beast_->parser.get().body().size();
}
bool RequestParser::has_body() const noexcept {
  return beast_->has_body;
}
bool RequestParser::keeps_alive() const noexcept {
  return beast_->keeps_alive;
}
bool RequestParser::is_http_1_1() const noexcept {
  return beast_->is_http_1_1;
}

}  // namespace blip::serve
