#include "serve/operations/access.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "blip/error.hpp"
#include "core/ascii_case.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/pictures/ip_address.hpp"

namespace blip::serve {
namespace {

constexpr std::size_t kMaxKeyBytes = 4096;

// "Bearer TOKEN" → TOKEN, the scheme in any case.
std::optional<std::string_view> credentials(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ' ||
      ascii_lower(header.substr(0, scheme.size())) != scheme) {
    return std::nullopt;
  }
  header.remove_prefix(scheme.size() + 1);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

std::string presented_key(const HttpRequest& request) {
  if (const auto header = request.headers.find("Authorization")) {
    if (const auto token = credentials(*header, "bearer")) return std::string(*token);
    if (const auto basic = credentials(*header, "basic")) {
      const auto pair = decode_base64(*basic);
      const std::size_t colon = pair ? pair->find(':') : std::string::npos;
      if (colon != std::string::npos) return pair->substr(colon + 1);
    }
  }
  return std::string(request.headers.find("x-api-key").value_or(""));
}

// In a time that depends on the length of `presented` alone.
bool same_key(std::string_view presented, std::string_view key) {
  volatile unsigned difference = presented.size() == key.size() ? 0 : 1;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    const char other = key.empty() ? '\0' : key[i % key.size()];
    difference = difference | static_cast<unsigned char>(presented[i] ^ other);
  }
  return difference == 0;
}

std::string host_without_port(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return ascii_lower(host.substr(0, host.rfind(':')));
}

// What a header may repeat without becoming another one.
std::string header_words(std::string_view text) {
  constexpr std::size_t kMaxBytes = 1024;
  std::string words(text.substr(0, kMaxBytes));
  std::erase_if(words, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return words;
}

}  // namespace

std::vector<std::string> read_key_file(const std::filesystem::path& file) {
  std::ifstream lines(file);
  if (!lines) throw Error(ErrorCode::unreadable, file.string() + ": cannot be read for API keys");
  std::vector<std::string> keys;
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (line.size() > kMaxKeyBytes) {
      throw Error(ErrorCode::limit_exceeded,
                  file.string() + ": an API key of more than 4096 bytes");
    }
    keys.push_back(line);
  }
  if (keys.empty()) throw Error(ErrorCode::malformed, file.string() + ": holds no API key");
  return keys;
}

std::optional<std::size_t> key_of(const HttpRequest& request,
                                  const std::vector<std::string>& keys) {
  const std::string presented = presented_key(request);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (same_key(presented, keys[i])) found = i;
  }
  return presented.empty() ? std::nullopt : found;
}

bool is_own_host(std::string_view host, const std::vector<std::string>& allowed) {
  const std::string name = host_without_port(host);
  return name == "localhost" || name.ends_with(".localhost") ||
         IpAddress::parse(name).has_value() ||
         std::any_of(allowed.begin(), allowed.end(), [&](const std::string& each) {
           return each == "*" || ascii_lower(each) == name ||
                  ascii_lower(each) == ascii_lower(host);
         });
}

OriginKind origin_of(const HttpRequest& request, const std::vector<std::string>& cors_origins) {
  const auto origin = request.headers.find("Origin");
  if (!origin) return OriginKind::none;
  const auto listed = [&](std::string_view which) {
    return std::find(cors_origins.begin(), cors_origins.end(), which) != cors_origins.end();
  };
  if (listed(*origin) || listed("*")) return OriginKind::listed;
  const std::size_t scheme = origin->find("://");
  const auto host = request.headers.find("Host");
  if (host && scheme != std::string_view::npos &&
      ascii_lower(origin->substr(scheme + 3)) == ascii_lower(*host)) {
    return OriginKind::own;
  }
  return OriginKind::foreign;
}

void add_cors_headers(HttpHeaders& headers, const HttpRequest& request,
                      const std::vector<std::string>& cors_origins) {
  if (cors_origins.empty()) return;
  const bool any = std::find(cors_origins.begin(), cors_origins.end(), "*") != cors_origins.end();
  if (!any) headers.add("Vary", "Origin");
  if (origin_of(request, cors_origins) != OriginKind::listed) return;
  headers.set("Access-Control-Allow-Origin",
              any ? "*" : header_words(*request.headers.find("Origin")));
  headers.set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
}

HttpResponse preflight_response(const HttpRequest& request) {
  HttpResponse response{.status = 204};
  response.headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, OPTIONS");
  response.headers.set(
      "Access-Control-Allow-Headers",
      header_words(request.headers.find("Access-Control-Request-Headers").value_or("*")));
  response.headers.set("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace blip::serve
