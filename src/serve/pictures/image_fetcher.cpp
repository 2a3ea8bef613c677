#include "serve/pictures/image_fetcher.hpp"

#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "blip/error.hpp"
#include "blip/version.hpp"

namespace blip::serve {
namespace {

using Clock = std::chrono::steady_clock;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeLines {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeFound {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::vector<IpAddress> resolve_by_system(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, FreeFound> owner(found);
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (const auto address = IpAddress::of(each->ai_addr)) addresses.push_back(*address);
  }
  return addresses;
}

// One request, as libcurl's callbacks see it.
struct Hop {
  const std::vector<IpAddress>& addresses;
  std::size_t max_bytes;
  std::string body = {};
  std::string location = {};
  bool too_large = false;
  bool out_of_memory = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t length, void* user) {
  auto& hop = *static_cast<Hop*>(user);
  if (length > hop.max_bytes - hop.body.size()) {
    hop.too_large = true;
    return 0;
  }
  try {
    hop.body.append(bytes, length);
  } catch (const std::bad_alloc&) {
    hop.out_of_memory = true;
    return 0;
  }
  return length;
}

// The address that libcurl is about to connect to has to be one of those that were checked.
curl_socket_t open_checked_socket(void* user, curlsocktype, curl_sockaddr* target) {
  const auto& hop = *static_cast<const Hop*>(user);
  const auto address = IpAddress::of(&target->addr);
  if (!address ||
      std::find(hop.addresses.begin(), hop.addresses.end(), *address) == hop.addresses.end()) {
    return CURL_SOCKET_BAD;
  }
  return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

// libcurl's "HOST:PORT:ADDRESS,ADDRESS", so that it asks no resolver.
std::string resolved_line(const FetchUrl& url, const std::vector<IpAddress>& addresses) {
  std::string line = url.host + ":" + std::to_string(url.port) + ":";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i > 0) line += ',';
    line += addresses[i].is_ipv6() ? "[" + addresses[i].text() + "]" : addresses[i].text();
  }
  return line;
}

[[noreturn]] void throw_fetch_error(const Hop& hop, CURLcode code) {
  if (hop.out_of_memory) throw std::bad_alloc();
  if (hop.too_large) {
    throw Error(ErrorCode::limit_exceeded,
                "the image at the URL is larger than " + std::to_string(hop.max_bytes) + " bytes");
  }
  throw Error(ErrorCode::network, code == CURLE_OPERATION_TIMEDOUT
                                      ? "the image URL's host took too long"
                                      : "the image URL cannot be fetched");
}

// → the status
long perform_hop(const FetchUrl& url, Hop& hop, std::chrono::milliseconds connect_time,
                 std::chrono::milliseconds total_time) {
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  const std::unique_ptr<curl_slist, FreeLines> resolved(
      curl_slist_append(nullptr, resolved_line(url, hop.addresses).c_str()));
  const std::unique_ptr<curl_slist, FreeLines> headers(
      curl_slist_append(nullptr, "Accept-Encoding: identity"));
  if (!easy || !resolved || !headers) throw std::bad_alloc();
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(easy.get(), option, value);
  };
  set(CURLOPT_URL, url.text().c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_RESOLVE, resolved.get());
  set(CURLOPT_OPENSOCKETFUNCTION, &open_checked_socket);
  set(CURLOPT_OPENSOCKETDATA, &hop);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not the environment's either
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_USERAGENT, ("blip.cpp/" + std::string(version())).c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_time.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(total_time.count()));
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &hop);
  const CURLcode code = curl_easy_perform(easy.get());
  if (code != CURLE_OK) throw_fetch_error(hop, code);
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  char* location = nullptr;
  // As it was sent: libcurl's own reading of it (REDIRECT_URL) is not the one that is checked.
  curl_header* header = nullptr;
  if (status >= 300 && status < 400 &&
      curl_easy_header(easy.get(), "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
    location = header->value;
  }
  if (location != nullptr) hop.location = location;
  return status;
}

}  // namespace

ImageFetcher::ImageFetcher(UrlPolicy policy, FetchLimits limits, Resolve resolve)
    : policy_(std::move(policy)),
      limits_(limits),
      resolve_(resolve ? std::move(resolve) : resolve_by_system) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) throw Error(ErrorCode::network, "libcurl cannot start");
}

std::string ImageFetcher::fetch(const std::string& text) const {
  const auto end = Clock::now() + limits_.total_time;
  FetchUrl url = FetchUrl::parse(text);
  for (int redirects = 0;; ++redirects) {
    policy_.check(url);
    const auto literal = IpAddress::parse(url.host);
    const std::vector<IpAddress> addresses =
        literal ? std::vector<IpAddress>{*literal} : resolve_(url.host);
    policy_.check(url, addresses);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) {
      throw Error(ErrorCode::network, "the image URL's host took too long");
    }
    Hop hop{.addresses = addresses, .max_bytes = limits_.bytes};
    const long status = perform_hop(url, hop, std::min(limits_.connect_time, left), left);
    if (status == 200) return std::move(hop.body);
    if (hop.location.empty() || status == 304) {
      throw Error(ErrorCode::network, "the image URL's host does not give an image");
    }
    if (redirects == limits_.redirects) {
      throw Error(ErrorCode::network, "the image URL redirects too often");
    }
    url = url.follow(hop.location);
  }
}

}  // namespace blip::serve
