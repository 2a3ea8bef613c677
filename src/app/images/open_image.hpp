// Pictures as they are named on the command line: files, URLs, and standard input.
#pragma once

#include <string>

#include "blip/image.hpp"

namespace blip::app {

/// Whether `name` begins with http:// or https://, in any case.
bool is_url(const std::string& name);

/// Reads the file, fetches the URL, or takes what comes on standard input, which is called "-" and
/// can be read once. Safe to call from many threads at once. Throws blip::Error,
/// whose message begins with `name`, or with "standard input".
Image open_image(const std::string& name, const ImageOptions& options = {});

}  // namespace blip::app
