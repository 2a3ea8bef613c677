#include "app/captions/streamed_text.hpp"

#include <utility>

namespace blip::app {
namespace {

// The longest that clean-up shortens is " n ' t".
constexpr std::size_t kKeptBack = 6;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
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
  std::size_t end = text.size() > kKeptBack ? text.size() - kKeptBack : 0;
  while (end > 0 && is_continuation(text[end])) --end;
  return piece_of(text, end);
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
