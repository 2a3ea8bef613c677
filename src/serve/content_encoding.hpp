// Bodies that a client sent compressed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "serve/http/message.hpp"

namespace blip::serve {

/// Undoes Content-Encoding (gzip, deflate, identity), and removes it. Throws HttpError: 415 for
/// another one, 400 for damaged bytes, 413 for what unpacks to more than `max_bytes`.
void decode_content(HttpRequest& request, std::size_t max_bytes);

}  // namespace blip::serve
