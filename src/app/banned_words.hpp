// Words that no text may contain, as GenerationOptions::bad_words_ids.
#pragma once

#include <span>
#include <string>

#include "blip/generation.hpp"
#include "blip/tokenizer.hpp"

namespace blip::app {

/// Sets `options` to ban the words and phrases, by the tokens that each is written with
/// (transformers' `tokenizer(word, add_special_tokens=False)`); none: leaves them alone. Throws
/// invalid_argument for one that has no tokens.
void ban_words(std::span<const std::string> words, const Tokenizer& tokenizer,
               GenerationOptions& options);

}  // namespace blip::app
