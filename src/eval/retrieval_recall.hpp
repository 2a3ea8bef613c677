// Recall at k: how often what belongs to a query is among the first that are found for it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace blip::eval {

/// Scores of every image with every text: values[image * num_texts + text], the higher the better.
struct ScoreMatrix {
  std::size_t num_images = 0;
  std::size_t num_texts = 0;
  std::vector<float> values;
};

/// Percentages, and ranks that count from 1.
struct RecallScores {
  double r1 = 0;
  double r5 = 0;
  double r10 = 0;
  double mean = 0;  ///< of the three
  double median_rank = 0;
  double mean_rank = 0;
};

struct RetrievalScores {
  RecallScores text_retrieval;           ///< TR: of each image, its best text
  RecallScores image_retrieval;          ///< IR: of each text, its image
  double r_mean = 0;                     ///< mean of both means
  std::vector<std::size_t> text_ranks;   ///< [images], from 1
  std::vector<std::size_t> image_ranks;  ///< [texts], from 1
};

/// As BLIP's and ALBEF's itm_eval. `image_of_text` says for each text which image it belongs to. Of
/// what has the same score as the wanted one, what does not belong counts as found before it: a
/// model that gives one score to all finds nothing. Throws invalid_argument if a score is not a
/// number, if an image is not there or has no text, or if sizes differ.
RetrievalScores retrieval_scores(const ScoreMatrix& scores,
                                 std::span<const std::size_t> image_of_text);
/// With other scores for either direction, as re-ranking makes them: TR by `image_to_text`, IR by
/// `text_to_image`, both [images, texts].
RetrievalScores retrieval_scores(const ScoreMatrix& image_to_text, const ScoreMatrix& text_to_image,
                                 std::span<const std::size_t> image_of_text);

}  // namespace blip::eval
