// Pictures as they are named on the command line: files, and URLs.
#pragma once

#include <string>

#include "blip/image.hpp"

namespace blip::app {

/// Whether `name` begins with http:// or https://, in any case.
bool is_url(const std::string& name);

/// Reads the file, or fetches the URL. Safe to call from many threads at once. Throws blip::Error,
/// whose message begins with `name`.
Image open_image(const std::string& name, const ImageOptions& options = {});

}  // namespace blip::app
