#include "app/retrieval_scorer.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "app/embedder.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// Texts that are matched with an image together: enough to read the weights seldom.
constexpr std::size_t kMatchedTogether = 256;
// Pairs that are no candidates stand behind all others, as in BLIP's code, which gives them -100;
// there they keep the order of their cosines.
constexpr float kUnscored = -100.0F;

std::span<const Tokens> part_of(std::span<const Tokens> texts, std::size_t at) {
  return texts.subspan(at, std::min(kMatchedTogether, texts.size() - at));
}

// images: [B, D], texts: [T, D] → B rows of dot products, appended to `cosines`
void append_cosines(const Tensor& images, const Tensor& texts, eval::ScoreMatrix& cosines) {
  const auto rows = static_cast<std::size_t>(images.shape.front());
  for (std::size_t image = 0; image < rows; ++image) {
    for (std::size_t text = 0; text < cosines.num_texts; ++text) {
      cosines.values.push_back(dot(row_of(images, image), row_of(texts, text)));
    }
  }
  cosines.num_images += rows;
}

// The `k` of 0, 1, … count - 1 with the highest score; of equals, the first.
template <typename Score>
std::vector<std::size_t> best(std::size_t count, std::size_t k, const Score& score) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(k, count));
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t left, std::size_t right) {
    if (score(left) != score(right)) return score(left) > score(right);
    return left < right;
  });
  order.erase(end, order.end());
  return order;
}

// Which pairs are candidates, [images * texts].
struct Candidates {
  std::vector<bool> of_image;  // a text of an image
  std::vector<bool> of_text;   // an image of a text
};

Candidates candidates_of(const eval::ScoreMatrix& cosines, std::size_t k) {
  const std::size_t num_texts = cosines.num_texts;
  Candidates candidates = {.of_image = std::vector<bool>(cosines.values.size(), false),
                           .of_text = std::vector<bool>(cosines.values.size(), false)};
  for (std::size_t image = 0; image < cosines.num_images; ++image) {
    const auto score = [&](std::size_t text) { return cosines.values[image * num_texts + text]; };
    for (const std::size_t text : best(num_texts, k, score)) {
      candidates.of_image[image * num_texts + text] = true;
    }
  }
  for (std::size_t text = 0; text < num_texts; ++text) {
    const auto score = [&](std::size_t image) { return cosines.values[image * num_texts + text]; };
    for (const std::size_t image : best(cosines.num_images, k, score)) {
      candidates.of_text[image * num_texts + text] = true;
    }
  }
  return candidates;
}

eval::ScoreMatrix unscored(eval::ScoreMatrix cosines) {
  for (float& score : cosines.values) score += kUnscored;
  return cosines;
}

// Scores what is a candidate of one image, in either direction, by the matching head.
void rerank_image(const DualEncoder& model, const EncodedImage& image, std::size_t row,
                  std::span<const Tokens> texts, TextStyle style, const eval::ScoreMatrix& cosines,
                  const Candidates& candidates, DirectedScores& scores, Context& context) {
  std::vector<std::size_t> pairs;
  std::vector<Tokens> chosen;
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const std::size_t pair = row * texts.size() + text;
    if (!candidates.of_image[pair] && !candidates.of_text[pair]) continue;
    pairs.push_back(pair);
    chosen.push_back(texts[text]);
  }
  for (std::size_t at = 0; at < chosen.size(); at += kMatchedTogether) {
    const std::vector<Matching> matchings = model.match(image, part_of(chosen, at), style, context);
    for (std::size_t i = 0; i < matchings.size(); ++i) {
      const std::size_t pair = pairs[at + i];
      const float score = matchings[i].logit + cosines.values[pair];
      if (candidates.of_image[pair]) scores.image_to_text.values[pair] = score;
      if (candidates.of_text[pair]) scores.text_to_image.values[pair] = score;
    }
  }
}

}  // namespace

DirectedScores score_retrieval(const DualEncoder& model, std::span<const Tokens> texts,
                               const ForEachBatch& for_each_batch, const RetrievalOptions& options,
                               Context& context) {
  const Tensor text_embeddings = embed_texts(model, texts, options.style, context);
  eval::ScoreMatrix cosines = {.num_images = 0, .num_texts = texts.size(), .values = {}};
  for_each_batch([&](std::size_t /*first*/, std::span<const EncodedImage> images) {
    append_cosines(model.embed_images(images, context), text_embeddings, cosines);
  });
  if (!options.rerank) return {.image_to_text = cosines, .text_to_image = cosines};

  const Candidates candidates = candidates_of(cosines, options.candidates);
  DirectedScores scores = {.image_to_text = unscored(cosines), .text_to_image = unscored(cosines)};
  for_each_batch([&](std::size_t first, std::span<const EncodedImage> images) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      rerank_image(model, images[i], first + i, texts, options.style, cosines, candidates, scores,
                   context);
    }
  });
  return scores;
}

}  // namespace blip::app
