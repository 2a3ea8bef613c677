// ClipWords: the words, digits and runs of punctuation of a text, as CLIP's tokenizer cuts it.
#pragma once

#include <cstddef>
#include <string_view>

namespace blip {

/// One after another, without the white space between them:
///
///   std::string_view word;
///   for (ClipWords words("it's 2024!"); words.next(word);) …;  // it 's 2 0 2 4 !
class ClipWords {
 public:
  /// `text` must be valid UTF-8 and outlive this object; lower-cased, as normalize_for_clip leaves
  /// it.
  explicit ClipWords(std::string_view text) : text_(text) {}

  /// False at the end of the text.
  bool next(std::string_view& word);

 private:
  std::string_view take(std::size_t length);

  std::string_view text_;  // what is left
  std::string_view name_;  // of a special token, whose opening bracket was the last word
};

}  // namespace blip
