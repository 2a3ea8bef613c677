// What salesforce/BLIP does to captions and questions before the tokenizer (data/utils.py).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip::dataset {

/// Words kept of a caption: pre-training, COCO and Flickr30k 30, NLVR2 and MSRVTT 40; of a question
/// 50.
inline constexpr std::size_t kMaxCaptionWords = 30;
inline constexpr std::size_t kMaxStatementWords = 40;
inline constexpr std::size_t kMaxQuestionWords = 50;

/// Lower case; each of . ! " ( ) * # : ; ~ becomes a blank; two or more white spaces (Unicode's)
/// become one blank, while one alone stays what it is, be it a tab; line feeds at the end go, then
/// blanks at both ends; the first `max_words` words, which single blanks separate. Commas, question
/// marks, apostrophes, hyphens, slashes and ampersands stay.
/// Bytes that are not UTF-8 stay as they are. Python's str.lower, but for the Greek capital sigma,
/// which is σ everywhere (as BERT's tokenizer makes it), never ς.
std::string pre_caption(std::string_view caption, std::size_t max_words = kMaxCaptionWords);

/// Lower case; the same characters vanish without a blank in their place, and white space is left
/// alone, so that two blanks have an empty word between them, which counts; blanks at the end go.
std::string pre_question(std::string_view question, std::size_t max_words = kMaxQuestionWords);

}  // namespace blip::dataset
