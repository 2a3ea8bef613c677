// Tokens back to text, and the clean-up of the spaces that tokenizing put in.
#pragma once

#include <string>
#include <string_view>

namespace blip {

struct TokenDecoderOptions {
  std::string prefix = "##";
  bool cleanup = true;
};

/// Appends one token: a continuation without its prefix, any other token after a blank (none before
/// the first). With `cleanup`, the blank before a token that is punctuation goes again; like
/// `tokenizers.decoders.WordPiece` this looks at one token at a time, so "don ' t" stays apart.
void append_token(std::string_view token, bool first, const TokenDecoderOptions& options,
                  std::string& out);

/// `PreTrainedTokenizerBase.clean_up_tokenization` over the whole text: " ." → ".", " n't" →
/// "n't", " ' " → "'", …
[[nodiscard]] std::string clean_up_tokenization(std::string text);

}  // namespace blip
