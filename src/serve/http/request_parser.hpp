// RequestParser: bytes in, a request out. Reads one request; what follows it is left alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "serve/http/limits.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

class RequestParser {
 public:
  enum class State {
    head,  ///< more of the head is needed
    body,  ///< the head is there: `request()` has everything but the body
    done,
  };

  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// `bytes` begin where the last call stopped. → how many of them are done with; the others have
  /// to come again, together with more. Stops behind the head, so that the caller can look at it,
  /// and behind the request. Throws HttpError.
  std::size_t put(std::string_view bytes);

  [[nodiscard]] State state() const noexcept;
  /// The method, target and header fields from State::body on, the body in State::done. Where `put`
  /// has thrown, the path may be known alone: who is refused is told so in the words of its family.
  [[nodiscard]] HttpRequest& request() noexcept;
  /// Bytes of the body that are there.
  [[nodiscard]] std::size_t body_bytes() const noexcept;
  /// Whether the request has a body at all.
  [[nodiscard]] bool has_body() const noexcept;
  /// Whether the client takes another response after this one.
  [[nodiscard]] bool keeps_alive() const noexcept;
  /// Whether it is HTTP/1.1: chunks and interim responses are understood.
  [[nodiscard]] bool is_http_1_1() const noexcept;

 private:
  struct Beast;
  std::unique_ptr<Beast> beast_;
};

}  // namespace blip::serve
