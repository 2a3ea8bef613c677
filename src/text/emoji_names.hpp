// English names of emoji, as the Python package emoji has them.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// Lines of an emoji, a blank and its name in lower-case ASCII, in the order of their bytes. The
/// package's (BSD license).
[[nodiscard]] std::string_view emoji_names() noexcept;

/// `text` with its emoji replaced by their names, nothing around them: emoji.demojize with empty
/// delimiters. Of sequences that begin at one place the longest counts.
[[nodiscard]] std::string name_emoji(std::string_view text);

}  // namespace blip
