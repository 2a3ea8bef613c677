#include "text/token_decoder.hpp"

#include <array>

namespace blip {

namespace {

struct Replacement {
  std::string_view from;
  std::string_view to;
  bool tokens_only = false;  // `tokenizers` has it, transformers' clean-up of whole texts does not
};

// In the order in which they are applied.
constexpr std::array<Replacement, 11> kReplacements = {{
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" do not", " don't", true},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"},
}};

// Every occurrence from the left, not overlapping. No replacement is longer than what it replaces,
// so the text is rewritten in place.
void replace_all(std::string& text, std::size_t begin, const Replacement& replacement) {
  std::size_t found = text.find(replacement.from, begin);
  if (found == std::string::npos) return;
  std::size_t out = found;
  while (found != std::string::npos) {
    for (const char c : replacement.to) text[out++] = c;
    const std::size_t rest = found + replacement.from.size();
    found = text.find(replacement.from, rest);
    const std::size_t end = found == std::string::npos ? text.size() : found;
    for (std::size_t i = rest; i < end; ++i) text[out++] = text[i];
  }
  text.resize(out);
}

}  // namespace

void append_token(std::string_view token, bool first, const TokenDecoderOptions& options,
                  std::string& out) {
  const std::size_t begin = out.size();
  if (first) {
    out += token;
  } else if (token.starts_with(options.prefix)) {
    out += token.substr(options.prefix.size());
  } else {
    out += ' ';
    out += token;
  }
  if (!options.cleanup) return;
  for (const Replacement& replacement : kReplacements) replace_all(out, begin, replacement);
}

std::string clean_up_tokenization(std::string text) {
  for (const Replacement& replacement : kReplacements) {
    if (!replacement.tokens_only) replace_all(text, 0, replacement);
  }
  return text;
}

}  // namespace blip
