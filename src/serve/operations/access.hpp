// Who may ask: API keys, the Host rule, origins of other sites.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/message.hpp"

namespace blip::serve {

struct AccessRules {
  std::vector<std::string> keys;           ///< empty: nobody needs one
  std::vector<std::string> allowed_hosts;  ///< by which the server may be called, besides localhost
  std::vector<std::string> cors_origins;   ///< of pages that may ask; "*": all
};

/// Lines, without empty ones and those that begin with '#'. Throws blip::Error, also for a file
/// that has none.
[[nodiscard]] std::vector<std::string> read_key_file(const std::filesystem::path& file);

/// Which of `keys` the request brings (Bearer, x-api-key or the password of Basic): its index.
/// Takes as long whichever it is.
[[nodiscard]] std::optional<std::size_t> key_of(const HttpRequest& request,
                                                const std::vector<std::string>& keys);

/// Whether `host`, as a Host header has it, is an address, localhost or one of `allowed`. Anything
/// else is a name that somebody else may have pointed at this machine.
[[nodiscard]] bool is_own_host(std::string_view host, const std::vector<std::string>& allowed);

enum class OriginKind {
  none,    ///< no page of a browser asks
  own,     ///< the server's own page
  listed,  ///< one of cors_origins
  foreign,
};
[[nodiscard]] OriginKind origin_of(const HttpRequest& request,
                                   const std::vector<std::string>& cors_origins);

/// Adds what tells a browser that the page at the request's Origin may read the response.
void add_cors_headers(HttpHeaders& headers, const HttpRequest& request,
                      const std::vector<std::string>& cors_origins);

/// The answer to a browser that asks whether it may ask.
[[nodiscard]] HttpResponse preflight_response(const HttpRequest& request);

}  // namespace blip::serve
