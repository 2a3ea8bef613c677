#include "serve/http/request_head.hpp"

#include <algorithm>
#include <string>

#include "core/ascii_case.hpp"
#include "core/trimmed.hpp"
#include "serve/http/http_error.hpp"

namespace blip::serve {
namespace {

bool is_header_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

[[noreturn]] void refuse_head(const std::string& why, int status = 400) {
  throw HttpError(status, why);
}

// → whether it is HTTP/1.1, not 1.0
bool check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_header_token(line.substr(0, first)) ||
      line.substr(first + 1, last - first - 1).find(' ') != std::string_view::npos) {
    refuse_head("not a request line of HTTP");
  }
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") return true;
  if (version == "HTTP/1.0") return false;
  refuse_head("only HTTP/1.1 and HTTP/1.0 are spoken here",
              version.starts_with("HTTP/") ? 505 : 400);
}

struct FramingFields {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;

  void add(const std::string& name, std::string_view value) {
    if (name == "host") ++hosts;
    if (name == "content-length") {
      // 18 digits fit into 64 bits.
      const bool is_number =
          !value.empty() && value.size() <= 18 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!is_number) refuse_head("Content-Length is not a number");
      ++lengths;
    }
    if (name == "transfer-encoding") {
      if (ascii_lower(value) != "chunked") {
        refuse_head("the only Transfer-Encoding understood here is chunked", 501);
      }
      ++encodings;
    }
  }

  void check(bool is_http_1_1) const {
    if (hosts > 1 || (is_http_1_1 && hosts == 0)) refuse_head("a request names one Host");
    if (lengths > 1) refuse_head("two Content-Length fields");
    if (encodings > 1) refuse_head("two Transfer-Encoding fields");
    if (encodings > 0 && lengths > 0) {
      refuse_head("Content-Length and Transfer-Encoding in one request");
    }
    if (encodings > 0 && !is_http_1_1) refuse_head("Transfer-Encoding in HTTP/1.0");
  }
};

}  // namespace

void check_request_head(std::string_view head) {
  FramingFields framing;
  bool is_http_1_1 = false;
  int num_lines = 0;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) refuse_head("a line without CR LF");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.empty()) break;
    if (std::any_of(line.begin(), line.end(), [](char c) {
          return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
        })) {
      refuse_head("a control character in the header");
    }
    if (num_lines++ == 0) {
      is_http_1_1 = check_request_line(line);
      continue;
    }
    if (num_lines > kMaxHeaderFields + 1) refuse_head("too many header fields", 431);
    if (line.front() == ' ' || line.front() == '\t') refuse_head("a folded header line");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_header_token(line.substr(0, colon))) {
      refuse_head("a header line that is no field");
    }
    framing.add(ascii_lower(line.substr(0, colon)), trimmed(line.substr(colon + 1), " \t"));
  }
  framing.check(is_http_1_1);
}

}  // namespace blip::serve
