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

/// What BLIP's code makes of a question: lower case, without . ! " ( ) * # : ; ~ and blanks at the
/// end, at most `max_words` words. A question mark stays.
[[nodiscard]] std::string pre_question(std::string_view question, int max_words = 50);

/// What BLIP's code makes of a caption: lower case, a blank for each of . ! " ( ) * # : ; ~, one
/// blank for several, at most `max_words` words.
[[nodiscard]] std::string pre_caption(std::string_view caption, int max_words = 50);

}  // namespace blip
