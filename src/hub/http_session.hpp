// HttpSession: requests over libcurl, one after another, on connections that stay open.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hub/http_response.hpp"
#include "hub/url.hpp"

namespace blip::hub {

struct HttpRequest {
  Url url;
  bool head = false;  ///< HEAD instead of GET
  std::vector<std::string> headers = {};
  std::string token = {};  ///< for "Authorization: Bearer", if not empty
  std::chrono::milliseconds connect_time = std::chrono::seconds(10);
  std::chrono::milliseconds total_time = {};  ///< 0: any
  std::chrono::milliseconds stall_time = {};  ///< without a byte; 0: any
  /// Asked about once a second; false ends the transfer.
  std::function<bool()> keep_going = {};
};

/// Takes a piece of the body of a response whose headers are complete. False ends the transfer,
/// which is then no failure.
using BodySink = std::function<bool(const HttpResponse&, std::span<const std::byte>)>;

/// Knows http and https, follows no redirect, keeps no cookies and reads no .netrc; proxies come
/// from the environment, and so do SSL_CERT_FILE and SSL_CERT_DIR. For one thread at a time.
class HttpSession {
 public:
  /// Throws network if libcurl cannot start.
  HttpSession();
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// What became of it; whatever goes wrong on the line is in `failure`. Rethrows what `sink` and
  /// `keep_going` throw. Throws invalid_argument if a header or the token holds a control
  /// character.
  HttpResponse perform(const HttpRequest& request, const BodySink& sink = {});

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace blip::hub
