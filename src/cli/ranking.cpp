#include "cli/ranking.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tasks/embedding.hpp"

namespace blip::cli {

void put_in_order(std::vector<Ranked>& ranked) {
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& left, const Ranked& right) {
    if (left.score != right.score) return left.score > right.score;
    return left.index < right.index;
  });
}

std::vector<Ranked> rank_texts(Matcher& matcher, const EncodedImage& image,
                               std::span<const Tokens> tokens, const Tensor& embeddings,
                               std::size_t candidates, bool rerank) {
  const Tensor image_embedding = matcher.embed(std::span(&image, 1));
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const float similarity = dot(row_of(image_embedding, 0), row_of(embeddings, i));
    ranked.push_back({.index = i, .cosine = similarity, .score = similarity});
  }
  put_in_order(ranked);
  ranked.resize(std::min(candidates, ranked.size()));
  if (!rerank) return ranked;

  std::vector<Tokens> chosen;
  chosen.reserve(ranked.size());
  for (const Ranked& candidate : ranked) chosen.push_back(tokens[candidate.index]);
  const std::vector<Matching> matchings = matcher.match(image, chosen);
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    ranked[i].matching = matchings[i];
    ranked[i].score = matchings[i].logit + ranked[i].cosine;
  }
  put_in_order(ranked);
  return ranked;
}

bool ImageRanking::better(const Candidate& left, const Candidate& right) {
  if (left.cosine != right.cosine) return left.cosine > right.cosine;
  return left.index < right.index;
}

void ImageRanking::offer(const std::string& name, const EncodedImage& image,
                         std::span<const float> embedding) {
  Candidate candidate{.name = name,
                      .index = offered_++,
                      .cosine = dot(row_of(text_embedding_, 0), embedding),
                      .image = std::nullopt};
  if (candidates_.size() == capacity_) {
    if (!better(candidate, candidates_.front())) return;
    std::pop_heap(candidates_.begin(), candidates_.end(), better);
    candidates_.pop_back();
  }
  if (rerank_) candidate.image = image;
  candidates_.push_back(std::move(candidate));
  std::push_heap(candidates_.begin(), candidates_.end(), better);
}

std::vector<ImageRanking::Entry> ImageRanking::conclude(Matcher& matcher, const Tokens& text) {
  std::sort(candidates_.begin(), candidates_.end(), better);
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    Candidate& candidate = candidates_[i];
    Ranked entry{.index = i, .cosine = candidate.cosine, .score = candidate.cosine};
    if (rerank_) {
      entry.matching = matcher.match(*candidate.image, std::span(&text, 1)).front();
      entry.score = entry.matching.logit + candidate.cosine;
      candidate.image.reset();  // what the text model reads of it is twenty times its own size
    }
    ranked.push_back(entry);
  }
  put_in_order(ranked);
  std::vector<Entry> entries;
  entries.reserve(ranked.size());
  for (const Ranked& entry : ranked) {
    entries.push_back({.name = std::move(candidates_[entry.index].name), .ranked = entry});
  }
  return entries;
}

}  // namespace blip::cli
