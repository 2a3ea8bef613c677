// Admission: which requests are heard at all, decided from their heads.
#pragma once

#include <optional>
#include <vector>

#include "serve/http/http_server.hpp"
#include "serve/router.hpp"
#include "serve/server_options.hpp"

namespace blip::serve {

/// GET or HEAD.
[[nodiscard]] bool is_read(const HttpRequest& request);

/// For the server's thread alone.
class Admission {
 public:
  /// All of it outlives this.
  Admission(const ServerOptions& options, const Router& router,
            const std::vector<Listener>& listeners)
      : options_(options), router_(router), listeners_(listeners), rules_(options.access) {}

  /// What a request is answered with instead of being read on: a page, what a browser asks before
  /// it asks, or a refusal for its host, its origin or its key. Names the client of others.
  [[nodiscard]] std::optional<HttpResponse> response_to(HttpRequest& head, const Peer& peer) const;

  /// From the next request on.
  void set_rules(AccessRules rules) { rules_ = std::move(rules); }

 private:
  const ServerOptions& options_;
  const Router& router_;
  const std::vector<Listener>& listeners_;
  AccessRules rules_;
};

}  // namespace blip::serve
