// Routes: which paths and methods a dialect knows, and what plans their requests.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {

struct Route {
  std::string_view method;  ///< "GET" stands for HEAD as well
  std::string_view path;    ///< "/v1/models/*": everything below, but not "/v1/models"
  Plan (*plan)(const HttpRequest& request, const ServerView& server);
};

/// The plan of the route that fits, nothing if there is none. What it throws becomes a response. A
/// picture for a full queue is refused before it is read (refuse_unread_if_full).
std::optional<Plan> plan_by_routes(std::span<const Route> routes, const HttpRequest& request,
                                   const ServerView& server, const FailureResponse& response);

/// Of a path; empty if no route knows it.
std::vector<std::string_view> methods_of(std::span<const Route> routes, std::string_view path);

/// What `path` has in the place of the '*' of a route.
std::string_view below(std::string_view route_path, std::string_view path);

}  // namespace blip::serve
