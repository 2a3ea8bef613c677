#include "serve/admission.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace blip::serve {
namespace {

// Asked for by machines that have no key, and free of anything secret.
bool is_public(std::string_view path) {
  constexpr std::array kPaths = {"/livez",  "/healthz",        "/readyz",
                                 "/health", "/v1/health",      "/metrics",
                                 "/ping",   "/v2/health/live", "/v2/health/ready"};
  return path == "/" || std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
}

}  // namespace

bool is_read(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

std::optional<HttpResponse> Admission::response_to(HttpRequest& head, const Peer& peer) const {
  const Listener& listener = listeners_[peer.listener];
  const ListenAddress& address = listener.address;
  const std::string& only = address.dialect;
  const auto refusal = [&](int status, std::string_view message) {
    return router_.error(status, message, head.path, only);
  };
  const bool guards_host =
      !rules_.allowed_hosts.empty() ||
      (rules_.keys.empty() && address.unix_path.empty() && is_loopback(address));
  const auto host = head.headers.find("Host");
  if (guards_host && host && !is_own_host(*host, rules_.allowed_hosts)) {
    return refusal(403, "this server is not called so; see --allowed-hosts");
  }
  const OriginKind origin = origin_of(head, rules_.cors_origins);
  if (head.method == "OPTIONS") {
    if (origin == OriginKind::foreign) return refusal(403, "this origin may not ask");
    HttpResponse response = preflight_response(head);
    response.headers.set("Allow", "GET, HEAD, POST, PUT, OPTIONS");
    return response;
  }
  if (origin == OriginKind::foreign && !is_read(head)) {
    return refusal(403, "this origin may not ask; see --cors-origin");
  }
  // At `/`, whoever does not ask for HTML may be looking for a server of Ollama's.
  const bool wants_page = head.path != "/" || head.headers.find("Accept").value_or("").find(
                                                  "text/html") != std::string_view::npos;
  if (only.empty() && options_.page && is_read(head) && wants_page) {
    if (auto page = options_.page(head)) return page;
  }
  const bool needs_key = !rules_.keys.empty() && !listener.asks_no_key;
  if (needs_key && !(is_read(head) && is_public(head.path))) {
    const auto key = key_of(head, rules_.keys);
    if (!key) {
      HttpResponse response = refusal(401, "an API key is needed");
      response.headers.set("WWW-Authenticate", "Bearer");
      return response;
    }
    head.client = "key " + std::to_string(*key + 1);
  }
  return std::nullopt;
}

}  // namespace blip::serve
