// Explanation: where a model looked for each word of a text.
#pragma once

#include <string>
#include <vector>

#include "blip/grad_cam.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip::app {

struct Explanation {
  std::string text;                ///< as it was given, or as the model wrote it
  std::vector<std::string> words;  ///< as the tokenizer knows them: lower case, marks apart
  Tensor maps;                     ///< [words, rows, columns]; of a word of several tokens the mean
  Tensor mean;                     ///< [rows, columns], the mean over all tokens
  float score = 0.0F;              ///< GradCam::score
};

/// Puts the pieces of words ("skate", "##board") together.
Explanation explanation_of(const Tokenizer& tokenizer, std::string text, const GradCam& cam);

}  // namespace blip::app
