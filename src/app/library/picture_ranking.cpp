#include "app/library/picture_ranking.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "search/rank_fusion.hpp"

namespace blip::app {
namespace {

using Ranking = std::vector<RankedPicture>;

// Of each ranking, what is fused: beyond, a rank says nothing any more.
constexpr std::size_t kFused = 1000;

// What a vector is worth: its inner product with `weights`, plus `offset`.
struct Direction {
  std::vector<float> weights;  // [D]
  float offset = 0.0F;
};

Direction direction_of(const std::vector<WantedVector>& wanted, const search::IndexedModel& model,
                       const search::VectorSearch& vectors, ThreadPool& threads) {
  const auto dims = static_cast<std::size_t>(model.dims);
  Direction sum{.weights = std::vector<float>(dims), .offset = 0.0F};
  double offset = 0;
  for (const WantedVector& part : wanted) {
    if (part.values.size() != dims) {
      throw Error(ErrorCode::invalid_argument,
                  "the model's vectors have another length than those of the index");
    }
    if (wanted.size() == 1) return {.weights = part.values, .offset = 0.0F};
    // (cosine - mean) / deviation is an inner product, too.
    const search::Moments moments = vectors.moments(part.values, threads);
    if (!(moments.deviation > 0)) continue;
    const double weight = part.weight / moments.deviation;
    for (std::size_t i = 0; i < dims; ++i) {
      sum.weights[i] += static_cast<float>(weight * part.values[i]);
    }
    offset -= weight * moments.mean;
  }
  sum.offset = static_cast<float>(offset);
  return sum;
}

// Of equals, the first path first, whatever order the index has them in.
void order_equals(search::LibraryIndex& index, Ranking& ranking) {
  for (auto begin = ranking.begin(); begin != ranking.end();) {
    auto end = std::find_if(begin, ranking.end(), [&](const RankedPicture& candidate) {
      return candidate.cosine != begin->cosine;
    });
    if (end - begin > 1) {
      std::for_each(begin, end,
                    [&](RankedPicture& each) { each.picture = index.picture(each.id); });
      std::sort(begin, end, [](const RankedPicture& a, const RankedPicture& b) {
        if (!a.picture || !b.picture) return a.picture.has_value() && !b.picture.has_value();
        return a.picture->path < b.picture->path;
      });
    }
    begin = end;
  }
}

// Pictures in any order → those with captions of models alone, and those with one by hand
std::array<std::vector<std::int64_t>, 2> by_writer(search::LibraryIndex& index,
                                                   const std::vector<std::int64_t>& pictures) {
  std::vector<std::int64_t> written;  // ascending
  if (const auto by_hand = index.find_model(search::Finding::captions, search::kByHand)) {
    written = index.pictures_with(*by_hand);
  }
  std::array<std::vector<std::int64_t>, 2> parts;
  for (const std::int64_t id : pictures) {
    parts[std::binary_search(written.begin(), written.end(), id) ? 1 : 0].push_back(id);
  }
  return parts;
}

void fuse_words(search::LibraryIndex& index, const search::VectorSearch& vectors,
                const PictureQuery& query, const Direction& direction, Ranking& ranking) {
  std::vector<std::int64_t> nearest;
  std::unordered_set<std::int64_t> seen;
  for (const RankedPicture& candidate : ranking) {
    seen.insert(candidate.id);
    if (nearest.size() < kFused) nearest.push_back(candidate.id);
  }
  // Ranks count among what is searched.
  const std::size_t limit = query.admits ? std::max(kFused, vectors.size()) : kFused;
  std::vector<std::int64_t> worded = index.find_words(query.words, limit);
  if (query.admits) std::erase_if(worded, [&](std::int64_t id) { return !query.admits(id); });
  std::vector<std::int64_t> found;
  for (std::size_t at = 0; at < worded.size() && found.size() < kFused; at += kFused) {
    const auto ids = std::span(worded).subspan(at, std::min(kFused, worded.size() - at));
    const auto products = vectors.products(ids, direction.weights);
    for (std::size_t i = 0; i < ids.size() && found.size() < kFused; ++i) {
      if (!products[i]) continue;
      found.push_back(ids[i]);
      const float cosine = *products[i] + direction.offset;
      if (seen.insert(ids[i]).second) ranking.push_back({.id = ids[i], .cosine = cosine});
    }
  }
  if (found.empty()) return;
  auto [of_models, by_hand] = by_writer(index, found);
  const auto fused = search::fused_ranks({nearest, std::move(of_models), std::move(by_hand)},
                                         {1.0, query.word_weight, 1.0});
  for (RankedPicture& candidate : ranking) {
    const auto score = fused.find(candidate.id);
    candidate.score = score == fused.end() ? 0.0 : score->second;
  }
  std::stable_sort(ranking.begin(), ranking.end(),
                   [](const auto& left, const auto& right) { return left.score > right.score; });
}

}  // namespace

std::vector<RankedPicture> rank_pictures(search::LibraryIndex& index,
                                         const search::IndexedModel& model,
                                         const search::VectorSearch& vectors,
                                         const PictureQuery& query, ThreadPool& threads) {
  const Direction direction = direction_of(query.wanted, model, vectors, threads);
  // The few photos that a filter leaves may be in any list.
  const bool is_approximate =
      !query.admits &&
      (query.nearness == Nearness::approximate ||
       (query.nearness == Nearness::automatic && vectors.is_large(kApproximateRows)));
  const bool reads_words = !query.words.empty();
  Ranking ranking;
  for (const search::Near& near :
       vectors.nearest(direction.weights, reads_words ? std::max(query.count, kFused) : query.count,
                       is_approximate ? kProbedLists : 0, query.admits, threads)) {
    const float cosine = near.product + direction.offset;
    ranking.push_back({.id = near.picture, .cosine = cosine, .score = double{cosine}});
  }
  order_equals(index, ranking);
  if (reads_words) fuse_words(index, vectors, query, direction, ranking);
  if (ranking.size() > query.count) ranking.resize(query.count);
  return ranking;
}

}  // namespace blip::app
