#include "app/captions/caption_prompt.hpp"

#include <utility>

namespace blip::app {

CaptionPrompt caption_prompt(const Tokenizer& tokenizer, const std::string& text) {
  CaptionPrompt prompt{.tokens = tokenizer.encode(text), .decoded = {}};
  prompt.decoded = generated_text(tokenizer, prompt.tokens);
  return prompt;
}

std::string generated_text(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  DecodeOptions options;
  options.skip_special_tokens = true;
  return tokenizer.decode(ids, options);
}

std::string without_prompt(std::string caption, const CaptionPrompt& prompt) {
  if (caption.starts_with(prompt.decoded)) caption.erase(0, prompt.decoded.size());
  caption.erase(0, caption.find_first_not_of(' '));  // all of it if there is nothing else
  return caption;
}

std::string finished_caption(std::string caption, const CaptionPrompt& prompt,
                             const CaptionEdits& edits) {
  if (edits.strip_prompt) caption = without_prompt(std::move(caption), prompt);
  return edited(caption, edits);
}

}  // namespace blip::app
