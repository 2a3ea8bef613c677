#include "app/captions/streamed_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace blip::app {
namespace {

// What clean-up shortens, once all of it is there. The blank before a mark is not among them: mark
// and blank come together.
constexpr std::array<std::string_view, 7> kShortened = {" ' ", " n't", " n ' t", " 'm",
                                                        " 's", " 've", " 're"};
constexpr std::size_t kLongest = 6;

// Of the text, without an end that later tokens may change: "is n" may become "isn't".
std::size_t sure_length(std::string_view text) {
  for (std::size_t at = text.size() - std::min(text.size(), kLongest - 1); at + 1 < text.size();
       ++at) {
    const std::string_view end = text.substr(at);
    const bool may_change = std::ranges::any_of(kShortened, [&](std::string_view whole) {
      return end.size() < whole.size() && whole.starts_with(end);
    });
    if (may_change) return at;
  }
  return text.size();
}

}  // namespace

StreamedText::StreamedText(const Tokenizer& tokenizer, CaptionPrompt prompt, CaptionEdits edits)
    : tokenizer_(&tokenizer), prompt_(std::move(prompt)), edits_(std::move(edits)) {
  if (prompt_.tokens.size() > 2) {
    ids_.assign(prompt_.tokens.begin() + 1, prompt_.tokens.end() - 1);
  }
  edits_.suffix.clear();  // comes at the end
}

std::string StreamedText::add(TokenId token) {
  ids_.push_back(token);
  if (edits_.max_characters) return {};  // where it is cut depends on all of it
  const std::string text = finished_caption(generated_text(*tokenizer_, ids_), prompt_, edits_);
  return piece_of(text, sure_length(text));
}

std::string StreamedText::rest(const std::string& finished) {
  return piece_of(finished, finished.size());
}

std::string StreamedText::piece_of(const std::string& text, std::size_t end) {
  if (end <= told_.size() || !text.starts_with(told_)) return {};
  std::string piece = text.substr(told_.size(), end - told_.size());
  told_ += piece;
  return piece;
}

}  // namespace blip::app
