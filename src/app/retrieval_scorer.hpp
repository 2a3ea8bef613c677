// The paper's retrieval over a whole data set: every image with every text.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/text_style.hpp"
#include "eval/retrieval_recall.hpp"
#include "tasks/dual_encoder.hpp"

namespace blip::app {

/// Scores of either direction, both [images, texts].
struct DirectedScores {
  eval::ScoreMatrix image_to_text;
  eval::ScoreMatrix text_to_image;
};

struct RetrievalOptions {
  TextStyle style = TextStyle::hf;
  bool rerank = true;
  std::size_t candidates = 256;  ///< of each image and of each text
};

/// Gets the number of the first image of a batch, and the images of that batch.
using VisitImages = std::function<void(std::size_t first, std::span<const EncodedImage> images)>;
/// Calls its argument with one batch after the other, until all images were seen.
using ForEachBatch = std::function<void(const VisitImages&)>;

/// The cosines of all embeddings; with re-ranking the candidates, those with the highest cosine,
/// get the logit of the matching head added to it, and all others come after them
/// (salesforce/BLIP, train_retrieval.py gives these -100; here it is added to their cosine).
/// `for_each_batch` is called twice then, so that no more than a batch of encoded images is in
/// memory. texts: as the model's `tokens` makes them. Throws blip::Error.
DirectedScores score_retrieval(const DualEncoder& model,
                               std::span<const std::vector<TokenId>> texts,
                               const ForEachBatch& for_each_batch, const RetrievalOptions& options,
                               Context& context);

}  // namespace blip::app
