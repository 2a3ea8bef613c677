// Base64 as clients send pictures: bare or as a data URL, either alphabet, with or without padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/engine/task.hpp"

namespace blip::serve {

/// Nothing if `text` is not base64. White space in it is skipped; '-' and '_' are '+' and '/';
/// padding may lack.
std::optional<std::string> decode_base64(std::string_view text);

std::string encode_base64(std::string_view bytes);

/// A picture in a string: "http(s)://…", "data:…;base64,…" or bare base64. The type that a data URL
/// names is ignored, the bytes tell. Throws invalid_argument, with `field` in the message, for what
/// is none of these or empty.
Picture picture_of_text(std::string_view text, std::string_view field);

}  // namespace blip::serve
