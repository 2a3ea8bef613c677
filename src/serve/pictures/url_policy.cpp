#include "serve/pictures/url_policy.hpp"

#include <algorithm>
#include <charconv>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;
constexpr std::size_t kMaxHostBytes = 253;  // of DNS

[[noreturn]] void refuse_url(const std::string& why) {
  throw Error(ErrorCode::invalid_argument, "the image URL is not fetched: " + why);
}

std::string lower_case_host(std::string_view text) {
  std::string host(text);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return host;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What other readers would take for an IPv4 address: "127.1", "0x7f000001", "2130706433",
// "017700000001".
bool looks_like_ipv4(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  return !last.empty() &&
         (std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x"));
}

std::string parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) refuse_url("its host is no IPv6 address");
    const std::string host(text.substr(1, text.size() - 2));
    const auto address = IpAddress::parse(host);
    if (!address || !address->is_ipv6()) refuse_url("its host is no IPv6 address");
    return address->text();
  }
  std::string host = lower_case_host(text);
  if (host.ends_with('.')) host.pop_back();
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
  });
  if (host.empty() || host.size() > kMaxHostBytes || !plain || host.front() == '.' ||
      host.back() == '.' || host.find("..") != std::string::npos) {
    refuse_url("its host is no name of letters, digits and hyphens");
  }
  if (looks_like_ipv4(host)) {
    const auto address = IpAddress::parse(host);
    if (!address || address->is_ipv6()) refuse_url("its host is no IPv4 address of four numbers");
  }
  return host;
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    refuse_url("its port is no number");
  }
  return port;
}

// Where a port begins: at the last colon behind an IPv6 address's bracket.
std::size_t port_colon(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket) {
    return std::string_view::npos;
  }
  return colon;
}

}  // namespace

FetchUrl FetchUrl::parse(std::string_view text) {
  if (text.size() > kMaxUrlBytes) refuse_url("it is too long");
  if (std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F ||
               c == '\\';
      })) {
    refuse_url("it holds a character that must be percent-encoded");
  }
  FetchUrl url;
  const std::size_t colon = text.find("://");
  const std::string scheme = lower_case_host(text.substr(0, colon));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    refuse_url("only http and https are");
  }
  url.https = scheme == "https";
  text.remove_prefix(colon + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos) refuse_url("it holds a user name");
  const std::size_t before_port = port_colon(authority);
  url.host = parse_host(authority.substr(0, before_port));
  url.port = url.https ? 443 : 80;
  if (before_port != std::string_view::npos && before_port + 1 < authority.size()) {
    url.port = parse_port(authority.substr(before_port + 1));
  }
  text = text.substr(0, text.find('#'));
  url.path = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
  return url;
}

FetchUrl FetchUrl::follow(std::string_view location) const {
  FetchUrl target = *this;
  if (location.starts_with("//")) {
    target = parse((https ? "https:" : "http:") + std::string(location));
  } else if (location.starts_with('/')) {
    target = parse(std::string(https ? "https://h" : "http://h") + std::string(location));
    target.host = host;
    target.port = port;
  } else if (location.find("://") != std::string_view::npos &&
             location.find("://") < location.find_first_of("/?#")) {
    target = parse(location);
  } else {
    const std::string_view base = std::string_view(path).substr(0, path.find('?'));
    target = parse(std::string(https ? "https://h" : "http://h") +
                   std::string(base.substr(0, base.rfind('/') + 1)) + std::string(location));
    target.host = host;
    target.port = port;
  }
  if (https && !target.https) refuse_url("it leads from https to http");
  return target;
}

std::string FetchUrl::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (https ? "https://" : "http://") + (brackets ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + path;
}

UrlPolicy::UrlPolicy(bool any_public_host, const std::vector<std::string>& allowed)
    : any_public_host_(any_public_host) {
  for (const std::string& entry : allowed) {
    try {
      const std::size_t colon = port_colon(entry);
      allowed_.push_back({.host = parse_host(std::string_view(entry).substr(0, colon)),
                          .port = colon == std::string::npos
                                      ? std::uint16_t{0}
                                      : parse_port(std::string_view(entry).substr(colon + 1))});
    } catch (const Error&) {
      throw Error(ErrorCode::invalid_argument,
                  "'" + entry + "' is no host that images may be fetched from: HOST or HOST:PORT");
    }
  }
}

bool UrlPolicy::is_allowed(const FetchUrl& url) const {
  return std::any_of(allowed_.begin(), allowed_.end(), [&](const Allowed& allowed) {
    const bool port =
        allowed.port == 0 ? url.port == 80 || url.port == 443 : url.port == allowed.port;
    return port && allowed.host == url.host;
  });
}

void UrlPolicy::check(const FetchUrl& url) const {
  if (is_allowed(url)) return;
  if (!any_public_host_) refuse_url("this server does not ask its host");
  if (url.port != 80 && url.port != 443) refuse_url("this server does not ask its port");
}

void UrlPolicy::check(const FetchUrl& url, const std::vector<IpAddress>& addresses) const {
  const bool allowed = is_allowed(url);
  const bool all_may_be_asked =
      std::all_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
        return address.reach() == IpAddress::Reach::global ||
               (allowed && address.reach() == IpAddress::Reach::local);
      });
  // One message for both: which names an internal DNS knows is nobody's business.
  if (addresses.empty() || !all_may_be_asked) refuse_url("its host cannot be asked");
}

}  // namespace blip::serve
