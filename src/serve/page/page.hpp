// The page: what a browser shows at `/`. Its files are in web/ and examples/, compiled in.
#pragma once

#include <optional>

#include "serve/http/message.hpp"

namespace blip::serve {

/// Answers GET and HEAD of `/`, `/page/…`, `/examples/…` and `/blip/v1/examples`, with 404 where
/// there is no such file. Nothing for everything else: other parts of the server are asked.
/// Of HEAD the body is empty and Content-Length is that of GET.
std::optional<HttpResponse> page_response(const HttpRequest& request);
/// The same, and the page of the photo library at `/library`.
std::optional<HttpResponse> page_response_with_library(const HttpRequest& request);

}  // namespace blip::serve
