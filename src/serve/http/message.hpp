// HttpRequest and HttpResponse: what dialects read and write, without sockets.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip::serve {

/// Names are compared without case. A name may come several times.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields)
      : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Instead of all others of that name.
  void set(std::string name, std::string value);
  /// The first one of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] auto end() const noexcept { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request as it was received whole, within the limits of the listener. Content-Encoding and
/// Transfer-Encoding are undone.
struct HttpRequest {
  std::string method = "GET";
  std::string path = "/";                                       ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query = {};  ///< decoded
  HttpHeaders headers = {};
  /// Shared, because parts of it (a raw picture) outlive the request.
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();

  std::string request_id = {};  ///< X-Request-Id, or one of our own
  std::string client = {};      ///< who shares the server fairly: an API key's number or an address

  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
  /// Without parameters, in lower case: "application/json"; empty if there is none.
  [[nodiscard]] std::string content_type() const;
};

/// The server adds Content-Length, Date, X-Request-Id and what its operator configured (CORS).
struct HttpResponse {
  int status = 200;
  HttpHeaders headers = {};
  std::string body = {};

  static HttpResponse json(int status, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body)};
  }
  static HttpResponse text(int status, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = std::move(body)};
  }
};

}  // namespace blip::serve
