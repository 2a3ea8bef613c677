// CaptionSet: the captions that are judged, and what people said of the same images.
#pragma once

#include <string>
#include <vector>

namespace blip::eval {

/// Image i has captions[i] and one or more references[i]. The metrics take tokens joined by blanks
/// (tokenized_captions of ptb_tokenizer.hpp) and throw invalid_argument for an image without
/// references or lists of different lengths.
struct CaptionSet {
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> references;
};

/// All texts cut by the Penn Treebank rules, captions and references each as one file, as
/// pycocoevalcap does.
CaptionSet tokenized(const CaptionSet& texts);

/// Throws what every metric throws.
void check(const CaptionSet& set);

}  // namespace blip::eval
