// in_quotes: text out of a hostile file, made fit for a one-line error message.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// The text between double quotes, control characters as \xNN, cut after 120 bytes.
std::string in_quotes(std::string_view text);

}  // namespace blip
