// What CLIP's tokenizer does to a text before it looks for words.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// `text` must be valid UTF-8. In order: Unicode's composed form (NFC); runs of white space to one
/// blank; lower case, character by character (the last sigma of a word is σ like the others).
[[nodiscard]] std::string normalize_for_clip(std::string_view text);

}  // namespace blip
