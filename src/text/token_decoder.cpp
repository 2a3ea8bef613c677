#include "text/token_decoder.hpp"

#include <array>
#include <span>

namespace blip {

namespace {

struct Replacement {
  std::string_view from;
  std::string_view to;
};

// In the order in which they are applied. `tokenizers` has one more than transformers, the seventh.
constexpr std::array<Replacement, 11> kTokenReplacements = {{
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" do not", " don't"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"},
}};
constexpr std::array<Replacement, 10> kTextReplacements = {{
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
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

void replace_all(std::string& text, std::size_t begin, std::span<const Replacement> replacements) {
  for (const Replacement& replacement : replacements) replace_all(text, begin, replacement);
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
  if (options.cleanup) replace_all(out, begin, kTokenReplacements);
}

std::string clean_up_tokenization(std::string text) {
  replace_all(text, 0, kTextReplacements);
  return text;
}

}  // namespace blip
