// The photo library of the native API: /blip/v1/library/…
#pragma once

#include <cstddef>

#include "app/library/photo_library.hpp"
#include "serve/dialects/dialect.hpp"

namespace blip::serve {

// native_library_query.cpp

/// Photos of an answer, at most.
inline constexpr std::size_t kMostListed = 200;

struct LibraryRequest {
  app::PhotoQuery query;
  std::size_t offset = 0;
  std::size_t limit = 50;
};

/// The query of GET /blip/v1/library/photos. Fields that are empty count as absent. Throws
/// blip::Error for what makes no sense.
LibraryRequest library_request_of(const HttpRequest& http);

// native_library.cpp. Where the server has no library, all are refused with status 404.

Plan native_library(const HttpRequest& http, const ServerView& server);
Plan native_library_photos(const HttpRequest& http, const ServerView& server);
/// A photo's facts, thumbnail and picture.
Plan native_library_photo(const HttpRequest& http, const ServerView& server);
Plan native_library_caption(const HttpRequest& http, const ServerView& server);

}  // namespace blip::serve
