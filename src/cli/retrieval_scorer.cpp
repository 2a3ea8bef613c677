#include "cli/retrieval_scorer.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

// Texts that go through the text model together: enough to read its weights seldom.
constexpr std::size_t kTextsTogether = 256;
// Pairs that are no candidates stand behind all others, as in BLIP's code, which gives them -100;
// there they keep the order of their cosines.
constexpr float kUnscored = -100.0F;

void append(Tensor& all, const Tensor& more) {
  if (all.shape.empty()) {
    all = more;
    return;
  }
  all.shape.front() += more.shape.front();
  all.data.insert(all.data.end(), more.data.begin(), more.data.end());
}

// → [texts, D]
Tensor embed_texts(Matcher& matcher, std::span<const Tokens> texts) {
  Tensor all;
  for (std::size_t at = 0; at < texts.size(); at += kTextsTogether) {
    append(all, matcher.embed(texts.subspan(at, std::min(kTextsTogether, texts.size() - at))));
  }
  return all;
}

// images: [N, D], texts: [T, D] → [N, T]
eval::ScoreMatrix cosines_of(const Tensor& images, const Tensor& texts) {
  eval::ScoreMatrix cosines = {.num_images = static_cast<std::size_t>(images.shape.front()),
                               .num_texts = static_cast<std::size_t>(texts.shape.front()),
                               .values = {}};
  cosines.values.reserve(cosines.num_images * cosines.num_texts);
  for (std::size_t image = 0; image < cosines.num_images; ++image) {
    for (std::size_t text = 0; text < cosines.num_texts; ++text) {
      cosines.values.push_back(dot(row_of(images, image), row_of(texts, text)));
    }
  }
  return cosines;
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

// Reranks what is a candidate of one image, in either direction.
void rerank_image(Matcher& matcher, const EncodedImage& image, std::size_t row,
                  const std::vector<Tokens>& texts, const eval::ScoreMatrix& cosines,
                  const Candidates& candidates, DirectedScores& scores) {
  std::vector<std::size_t> chosen;
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const std::size_t pair = row * texts.size() + text;
    if (candidates.of_image[pair] || candidates.of_text[pair]) chosen.push_back(text);
  }
  for (std::size_t at = 0; at < chosen.size(); at += kTextsTogether) {
    const auto some = std::span(chosen).subspan(at, std::min(kTextsTogether, chosen.size() - at));
    std::vector<Tokens> tokens;
    for (const std::size_t text : some) tokens.push_back(texts[text]);
    const std::vector<Matching> matchings = matcher.match(image, tokens);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const std::size_t pair = row * texts.size() + some[i];
      const float score = matchings[i].logit + cosines.values[pair];
      if (candidates.of_image[pair]) scores.image_to_text.values[pair] = score;
      if (candidates.of_text[pair]) scores.text_to_image.values[pair] = score;
    }
  }
}

}  // namespace

DirectedScores score_retrieval(Matcher& matcher, const EvalData& data,
                               const std::vector<std::string>& texts,
                               const RerankOptions& options) {
  const auto prepare = [&](const dataset::EncodedPicture& picture) {
    return matcher.prepare(picture);
  };
  const std::vector<Tokens> tokens = matcher.tokens(texts);
  Tensor image_embeddings;
  data.for_each_batch(options.batch, options.quiet, prepare, [&](std::size_t, Images images) {
    append(image_embeddings, matcher.embed(matcher.encode(images)));
  });
  const eval::ScoreMatrix cosines = cosines_of(image_embeddings, embed_texts(matcher, tokens));
  if (!options.rerank) return {.image_to_text = cosines, .text_to_image = cosines};

  const Candidates candidates = candidates_of(cosines, options.k);
  DirectedScores scores = {.image_to_text = unscored(cosines), .text_to_image = unscored(cosines)};
  data.for_each_batch(options.batch, options.quiet, prepare, [&](std::size_t first, Images images) {
    std::vector<EncodedImage> encoded = matcher.encode(images);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      rerank_image(matcher, encoded[i], first + i, tokens, cosines, candidates, scores);
    }
  });
  return scores;
}

}  // namespace blip::cli
