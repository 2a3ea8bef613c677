#include "serve/router.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

bool hears(const Dialect& dialect, std::string_view only) {
  return only.empty() || dialect.name == only;
}

HttpResponse plain_error(int status, std::string_view message) {
  const nlohmann::json body = {{"error", message}};
  return HttpResponse::json(status,
                            body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

Router::Router(std::vector<Dialect> dialects) : dialects_(std::move(dialects)) {}

Router::Answer Router::plan(const HttpRequest& request, const ServerView& server,
                            std::string_view only) const {
  for (const Dialect& dialect : dialects_) {
    if (!hears(dialect, only)) continue;
    try {
      if (auto plan = dialect.plan(request, server)) return {dialect.name, std::move(*plan)};
    } catch (const Error& error) {
      return {dialect.name, dialect.error(400, error.what())};
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception&) {
      return {dialect.name, dialect.error(500, "the request cannot be answered")};
    }
  }
  const auto allowed = methods(request.path, only);
  const Dialect* family = family_of(request.path, only);
  const std::string_view api = family != nullptr ? family->name : "server";
  if (allowed.empty())
    return {api, error(404, "there is nothing at this path", request.path, only)};
  HttpResponse response = error(405, "this path does not have this method", request.path, only);
  std::string list;
  for (const std::string_view method : allowed) {
    if (!list.empty()) list += ", ";
    list += method;
  }
  response.headers.set("Allow", list);
  return {api, std::move(response)};
}

const Dialect* Router::family_of(std::string_view path, std::string_view only) const {
  const Dialect* best = nullptr;
  std::size_t best_length = 0;
  for (const Dialect& dialect : dialects_) {
    if (!only.empty() && dialect.name == only) return &dialect;
    if (!hears(dialect, only)) continue;
    for (const std::string_view prefix : dialect.prefixes) {
      if (path.starts_with(prefix) && prefix.size() > best_length) {
        best = &dialect;
        best_length = prefix.size();
      }
    }
  }
  return best;
}

HttpResponse Router::error(int status, std::string_view message, std::string_view path,
                           std::string_view only) const {
  const Dialect* family = family_of(path, only);
  if (family == nullptr) return plain_error(status, message);
  try {
    return family->error(status, message);
  } catch (const std::exception&) {
    return plain_error(status, message);
  }
}

std::vector<std::string_view> Router::methods(std::string_view path, std::string_view only) const {
  std::vector<std::string_view> all;
  for (const Dialect& dialect : dialects_) {
    if (!hears(dialect, only)) continue;
    for (const std::string_view method : dialect.methods(path)) {
      if (std::find(all.begin(), all.end(), method) == all.end()) all.push_back(method);
    }
  }
  return all;
}

bool Router::knows(std::string_view dialect) const {
  return std::any_of(dialects_.begin(), dialects_.end(),
                     [&](const Dialect& each) { return each.name == dialect; });
}

}  // namespace blip::serve
