// The paper's retrieval over a whole data set: every image with every text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/matcher.hpp"
#include "cli/options/eval_data.hpp"
#include "eval/retrieval_recall.hpp"

namespace blip::cli {

/// Scores of either direction, both [images, texts].
struct DirectedScores {
  eval::ScoreMatrix image_to_text;
  eval::ScoreMatrix text_to_image;
};

struct RerankOptions {
  bool rerank = true;
  std::size_t k = 256;  ///< candidates of each image and of each text
  std::size_t batch = 8;
  bool quiet = false;
};

/// The cosines of all embeddings; with reranking the `k` with the highest cosine get the logit of
/// the matching head added to it, and all others come after them (salesforce/BLIP,
/// train_retrieval.py gives these -100; here it is added to their cosine). Images are encoded
/// twice, so that no more than a batch of them is in memory. Throws blip::Error.
DirectedScores score_retrieval(Matcher& matcher, const EvalData& data,
                               const std::vector<std::string>& texts, const RerankOptions& options);

}  // namespace blip::cli
