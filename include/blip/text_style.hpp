// How texts are written for an encoder: as in transformers, or as in Salesforce's BLIP code.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// Whose conventions apply to a text that an encoder reads.
enum class TextStyle {
  hf,  ///< transformers: every token of the text, [CLS] first
  /// Salesforce's BLIP: at most kOriginalTextTokens tokens; [ENC] first where the text is read
  /// together with an image. Its texts went through pre_question or pre_caption before.
  original,
};

/// [CLS] and [SEP] included: the `max_length=35` of BLIP's VQA and retrieval code.
inline constexpr int kOriginalTextTokens = 35;

// What salesforce/BLIP does to texts before the tokenizer (data/utils.py), equal to Python's
// str.lower (a Greek capital sigma at the end of a word becomes ς) and re. Bytes that are not UTF-8
// stay as they are, as with Python's errors="surrogateescape"; the tokenizer drops them.

/// Of a question: lower case; . ! " ( ) * # : ; ~ vanish without a blank in their place; blanks at
/// the end go; at most `max_words` words. A question mark stays, and so does white space: two
/// blanks have an empty word between them, which counts.
[[nodiscard]] std::string pre_question(std::string_view question, int max_words = 50);

/// Of a caption: lower case; a blank for each of . ! " ( ) * # : ; ~; two or more white spaces
/// (Unicode's) become one blank, while one alone stays what it is, be it a tab; line feeds at the
/// end go, then blanks at both ends; at most `max_words` words, which single blanks separate.
/// Commas, question marks, apostrophes, hyphens, slashes and ampersands stay.
[[nodiscard]] std::string pre_caption(std::string_view caption, int max_words = 50);

}  // namespace blip
