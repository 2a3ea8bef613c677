// The head of a request, as strictly as a server must read it that stands behind a proxy: where two
// readers could disagree about where a request ends, it is refused.
#pragma once

#include <string_view>

namespace blip::serve {

/// Fields in a head.
inline constexpr int kMaxHeaderFields = 100;

/// `head`: from the request line to the empty line, both included. Throws HttpError: 400 for a lone
/// CR or LF, NUL, a folded line, white space before a colon, no or two Hosts in HTTP/1.1, two
/// Content-Lengths, a Content-Length beside a Transfer-Encoding or that is no number, 501 for a
/// Transfer-Encoding that is not "chunked", 431 for too many fields, 505 for another HTTP.
void check_request_head(std::string_view head);

}  // namespace blip::serve
