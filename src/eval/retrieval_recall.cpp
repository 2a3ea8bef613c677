#include "eval/retrieval_recall.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "blip/error.hpp"

namespace blip::eval {
namespace {

[[noreturn]] void refuse_scores(const std::string& problem) {
  throw Error(ErrorCode::invalid_argument, "retrieval scores: " + problem);
}

void check(const ScoreMatrix& scores, std::span<const std::size_t> image_of_text) {
  if (scores.values.size() != scores.num_images * scores.num_texts) {
    refuse_scores(std::to_string(scores.values.size()) + " values for " +
                  std::to_string(scores.num_images) + " images and " +
                  std::to_string(scores.num_texts) + " texts");
  }
  if (image_of_text.size() != scores.num_texts) {
    refuse_scores(std::to_string(image_of_text.size()) + " texts have an image, but there are " +
                  std::to_string(scores.num_texts));
  }
  std::vector<bool> has_text(scores.num_images, false);
  for (std::size_t text = 0; text < image_of_text.size(); ++text) {
    if (image_of_text[text] >= scores.num_images) {
      refuse_scores("text " + std::to_string(text) + " belongs to image " +
                    std::to_string(image_of_text[text]) + ", but there are only " +
                    std::to_string(scores.num_images));
    }
    has_text[image_of_text[text]] = true;
  }
  const auto without = std::find(has_text.begin(), has_text.end(), false);
  if (without != has_text.end()) {
    refuse_scores("image " + std::to_string(without - has_text.begin()) + " has no text");
  }
  for (std::size_t i = 0; i < scores.values.size(); ++i) {
    if (std::isnan(scores.values[i])) {
      refuse_scores("the score of image " + std::to_string(i / scores.num_texts) + " and text " +
                    std::to_string(i % scores.num_texts) + " is not a number");
    }
  }
}

RecallScores recall_of(const std::vector<std::size_t>& ranks) {
  RecallScores recall;
  if (ranks.empty()) return recall;
  const auto count = static_cast<double>(ranks.size());
  const auto percentage_within = [&](std::size_t k) {
    return 100.0 *
           static_cast<double>(
               std::count_if(ranks.begin(), ranks.end(), [k](std::size_t r) { return r <= k; })) /
           count;
  };
  recall.r1 = percentage_within(1);
  recall.r5 = percentage_within(5);
  recall.r10 = percentage_within(10);
  recall.mean = (recall.r1 + recall.r5 + recall.r10) / 3;
  std::vector<std::size_t> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  recall.median_rank = sorted.size() % 2 == 1
                           ? static_cast<double>(sorted[middle])
                           : static_cast<double>(sorted[middle - 1] + sorted[middle]) / 2;
  recall.mean_rank = std::accumulate(sorted.begin(), sorted.end(), 0.0) / count;
  return recall;
}

}  // namespace

RetrievalScores retrieval_scores(const ScoreMatrix& scores,
                                 std::span<const std::size_t> image_of_text) {
  return retrieval_scores(scores, scores, image_of_text);
}

RetrievalScores retrieval_scores(const ScoreMatrix& image_to_text, const ScoreMatrix& text_to_image,
                                 std::span<const std::size_t> image_of_text) {
  check(image_to_text, image_of_text);
  check(text_to_image, image_of_text);
  if (image_to_text.num_images != text_to_image.num_images) {
    refuse_scores(std::to_string(image_to_text.num_images) + " images in one direction, " +
                  std::to_string(text_to_image.num_images) + " in the other");
  }
  RetrievalScores result;
  for (std::size_t image = 0; image < image_to_text.num_images; ++image) {
    const auto scores = std::span(image_to_text.values)
                            .subspan(image * image_to_text.num_texts, image_to_text.num_texts);
    float best = -std::numeric_limits<float>::infinity();
    for (std::size_t text = 0; text < scores.size(); ++text) {
      if (image_of_text[text] == image) best = std::max(best, scores[text]);
    }
    std::size_t before = 0;
    for (std::size_t text = 0; text < scores.size(); ++text) {
      if (image_of_text[text] != image && scores[text] >= best) ++before;
    }
    result.text_ranks.push_back(before + 1);
  }
  for (std::size_t text = 0; text < text_to_image.num_texts; ++text) {
    const std::size_t wanted = image_of_text[text];
    const auto score = [&](std::size_t image) {
      return text_to_image.values[image * text_to_image.num_texts + text];
    };
    std::size_t before = 0;
    for (std::size_t image = 0; image < text_to_image.num_images; ++image) {
      if (image != wanted && score(image) >= score(wanted)) ++before;
    }
    result.image_ranks.push_back(before + 1);
  }
  result.text_retrieval = recall_of(result.text_ranks);
  result.image_retrieval = recall_of(result.image_ranks);
  result.r_mean = (result.text_retrieval.mean + result.image_retrieval.mean) / 2;
  return result;
}

}  // namespace blip::eval
