#include "serve/http/response_text.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace blip::serve {
namespace {

// As RFC 9110 has it, whatever the locale.
std::string http_date(std::time_t time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts = {};
  gmtime_r(&time, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') head += c;
  }
  head += "\r\n";
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 102:
      return "Processing";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string response_head(const HttpResponse& response, const ResponseFraming& framing) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  for (const auto& [name, value] : response.headers) append_field(head, name, value);
  if (framing.chunked) {
    append_field(head, "Transfer-Encoding", "chunked");
  } else if (!framing.without_length && !has_no_body(response.status) &&
             !response.headers.find("Content-Length")) {
    append_field(head, "Content-Length", std::to_string(response.body.size()));
  }
  append_field(head, "Date", http_date(std::time(nullptr)));
  if (!framing.keeps_alive) {
    append_field(head, "Connection", "close");
  } else if (!framing.is_http_1_1) {
    append_field(head, "Connection", "keep-alive");
  }
  head += "\r\n";
  return head;
}

std::string chunk_of(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

}  // namespace blip::serve
