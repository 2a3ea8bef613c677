#include "serve/dialects/routes.hpp"

#include <algorithm>

namespace blip::serve {
namespace {

bool is_path_of(const Route& route, std::string_view path) {
  if (!route.path.ends_with("/*")) return path == route.path;
  return !below(route.path, path).empty();
}

bool is_method_of(const Route& route, std::string_view method) {
  return method == route.method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

std::string_view below(std::string_view route_path, std::string_view path) {
  route_path.remove_suffix(1);
  return path.starts_with(route_path) ? path.substr(route_path.size()) : std::string_view();
}

std::optional<Plan> plan_by_routes(std::span<const Route> routes, const HttpRequest& request,
                                   const ServerView& server, const FailureResponse& response) {
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const Route& route) {
    return is_path_of(route, request.path) && is_method_of(route, request.method);
  });
  if (found == routes.end()) return std::nullopt;
  return plan_or_refusal(response, [&]() -> std::optional<Plan> {
    refuse_unread_if_full(request, server);
    return found->plan(request, server);
  });
}

std::vector<std::string_view> methods_of(std::span<const Route> routes, std::string_view path) {
  std::vector<std::string_view> methods;
  const auto add = [&](std::string_view method) {
    if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
      methods.push_back(method);
    }
  };
  for (const auto& route : routes) {
    if (!is_path_of(route, path)) continue;
    add(route.method);
    if (route.method == "GET") add("HEAD");
  }
  return methods;
}

}  // namespace blip::serve
