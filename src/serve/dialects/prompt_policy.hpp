// Prompt policy: what the text means that a client sends beside a picture. Clients are made for
// models that chat; ours caption, go on from a prefix, or answer a question.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

struct PromptReading {
  enum class Kind { caption, prefix, question };
  Kind kind = Kind::caption;
  std::string text = {};  ///< the prefix or the question
};

/// Automatic: a text that ends in '?' or begins with "what", "how"… is a question. An instruction
/// ("Describe …", "Can you describe …?", or more than 12 words) asks for a plain caption. Any other
/// short text is how the caption begins.
PromptReading read_prompt(std::string_view prompt, PromptMode mode);

/// What a client's field `task` says, by name: "auto", "caption", "prefix", "vqa" (or "ask",
/// "answer", "question"). Throws invalid_argument for any other.
PromptMode prompt_mode_of(std::string_view task);

}  // namespace blip::serve
