#include "app/banned_words.hpp"

#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::app {

void ban_words(std::span<const std::string> words, const Tokenizer& tokenizer,
               GenerationOptions& options) {
  if (words.empty()) return;
  std::vector<std::vector<TokenId>> sequences;
  sequences.reserve(words.size());
  for (const std::string& word : words) {
    sequences.push_back(tokenizer.encode(word, {.add_special_tokens = false}));
    if (sequences.back().empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "the banned word " + in_quotes(word) + " has no tokens");
    }
  }
  options.bad_words_ids = std::move(sequences);
}

}  // namespace blip::app
