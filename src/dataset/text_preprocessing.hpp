// How many words salesforce/BLIP's data sets keep of captions and questions, which are prepared as
// blip/text_style.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "blip/text_style.hpp"

namespace blip::dataset {

/// Words kept of a caption: pre-training, COCO and Flickr30k 30, NLVR2 and MSRVTT 40; of a question
/// 50.
inline constexpr std::size_t kMaxCaptionWords = 30;
inline constexpr std::size_t kMaxStatementWords = 40;
inline constexpr std::size_t kMaxQuestionWords = 50;

inline std::string pre_caption(std::string_view caption, std::size_t max_words = kMaxCaptionWords) {
  return blip::pre_caption(caption, static_cast<int>(max_words));
}

inline std::string pre_question(std::string_view question,
                                std::size_t max_words = kMaxQuestionWords) {
  return blip::pre_question(question, static_cast<int>(max_words));
}

}  // namespace blip::dataset
