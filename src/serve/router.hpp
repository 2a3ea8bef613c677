// Router: which dialects hear a listener's requests, and which of them answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

class Router {
 public:
  explicit Router(std::vector<Dialect> dialects);

  struct Answer {
    std::string_view api;  ///< the dialect's name; "server" of what belongs to none
    Plan plan;
  };
  /// The plan of the first dialect that knows the request, or a refusal: 400, 404, 405 with Allow,
  /// 500. `only` is the dialect that the listener speaks, empty for all. Throws nothing but
  /// std::bad_alloc.
  [[nodiscard]] Answer plan(const HttpRequest& request, const ServerView& server,
                            std::string_view only) const;

  /// An error in the words of the family that the path belongs to.
  [[nodiscard]] HttpResponse error(int status, std::string_view message, std::string_view path,
                                   std::string_view only) const;
  /// Of all that hear the listener; empty: nobody knows the path.
  [[nodiscard]] std::vector<std::string_view> methods(std::string_view path,
                                                      std::string_view only) const;
  [[nodiscard]] bool knows(std::string_view dialect) const;

 private:
  [[nodiscard]] const Dialect* family_of(std::string_view path, std::string_view only) const;

  std::vector<Dialect> dialects_;
};

}  // namespace blip::serve
