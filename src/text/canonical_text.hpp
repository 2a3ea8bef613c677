// What SigLIP's tokenizer does to a text before it looks for pieces.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// Python's str.lower(): character by character, but the sigma that ends a word is ς. `text` must
/// be valid UTF-8.
[[nodiscard]] std::string lower_as_python(std::string_view text);

/// transformers' SiglipTokenizer.canonicalize_text: lower case unless that is off, without ASCII's
/// punctuation, runs of white space as one blank and none at either end. `text` must be valid
/// UTF-8.
[[nodiscard]] std::string canonical_text(std::string_view text, bool lowercase);

}  // namespace blip
