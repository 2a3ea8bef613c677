#include "app/library/library_search.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "app/images/image_stream.hpp"
#include "blip/error.hpp"
#include "search/rank_fusion.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

using search::KnownPicture;

// Of each ranking, what is fused: beyond, a rank says nothing any more.
constexpr std::size_t kFused = 1000;
// Pictures that are read while one is matched.
constexpr std::size_t kReadAhead = 8;

Tensor photo_vector(const Embedder& embedder, const std::string& name, Context& context) {
  const PreparedImage photo{.name = name, .pixel_values = embedder.pictures()(name), .error = {}};
  const PreparedImage* const image = &photo;
  return embedder.embed(embedder.encode(Images(&image, 1), context), context);
}

}  // namespace

LibrarySearch::LibrarySearch(search::LibraryIndex& index, const search::IndexedModel& model,
                             const Embedder& embedder)
    : index_(index),
      model_(model),
      embedder_(embedder),
      snapshot_(index.snapshot()),
      vectors_(index, model) {}

LibrarySearch::Direction LibrarySearch::direction(const LibraryQuery& query,
                                                  Context& context) const {
  struct Part {
    Tensor vector;  // [1, D]
    float weight;
  };
  std::vector<Part> parts;
  const auto add_text = [&](const std::string& text, float weight) {
    const std::vector<Tokens> tokens = embedder_.tokens(std::span(&text, 1));
    parts.push_back({embedder_.embed(tokens, context), weight});
  };
  for (const std::string& text : query.texts) add_text(text, 1.0F);
  for (const std::string& photo : query.photos) {
    parts.push_back({photo_vector(embedder_, photo, context), query.photo_weight});
  }
  for (const std::string& text : query.unwanted) add_text(text, -query.unwanted_weight);

  const auto dims = static_cast<std::size_t>(model_.dims);
  Direction sum{.weights = std::vector<float>(dims), .offset = 0.0F};
  double offset = 0;
  for (const Part& part : parts) {
    const auto vector = row_of(part.vector, 0);
    if (vector.size() != dims) {
      throw Error(ErrorCode::invalid_argument,
                  "the model's vectors have another length than those of the index");
    }
    if (parts.size() == 1) return {.weights = {vector.begin(), vector.end()}, .offset = 0.0F};
    // (cosine - mean) / deviation is an inner product, too.
    const search::Moments moments = vectors_.moments(vector, context.threads());
    if (!(moments.deviation > 0)) continue;
    const double weight = part.weight / moments.deviation;
    for (std::size_t i = 0; i < dims; ++i) sum.weights[i] += static_cast<float>(weight * vector[i]);
    offset -= weight * moments.mean;
  }
  sum.offset = static_cast<float>(offset);
  return sum;
}

std::unordered_set<std::int64_t> LibrarySearch::admitted(const PictureFilter& filter) {
  std::vector<std::unordered_set<std::int64_t>> tagged;
  for (const std::string& tag : filter.tags) tagged.push_back(index_.pictures_tagged(tag));
  std::unordered_set<std::int64_t> ids;
  index_.for_pictures([&](KnownPicture&& picture) {
    const bool has_tags = std::all_of(tagged.begin(), tagged.end(), [&](const auto& pictures) {
      return pictures.contains(picture.id);
    });
    if (has_tags && filter.fits(picture)) ids.insert(picture.id);
  });
  return ids;
}

void LibrarySearch::read_picture(Candidate& candidate) {
  if (!candidate.picture) candidate.picture = index_.picture(candidate.id);
}

// Of equals, the first path first, whatever order the index has them in.
void LibrarySearch::order_equals(std::vector<Candidate>& candidates) {
  for (auto begin = candidates.begin(); begin != candidates.end();) {
    auto end = std::find_if(begin, candidates.end(), [&](const Candidate& candidate) {
      return candidate.cosine != begin->cosine;
    });
    if (end - begin > 1) {
      std::for_each(begin, end, [&](Candidate& candidate) { read_picture(candidate); });
      std::sort(begin, end, [](const Candidate& a, const Candidate& b) {
        if (!a.picture || !b.picture) return a.picture.has_value() && !b.picture.has_value();
        return a.picture->path < b.picture->path;
      });
    }
    begin = end;
  }
}

void LibrarySearch::fuse_words(const std::string& text, const Direction& direction,
                               const search::Admits& admits, std::vector<Candidate>& candidates) {
  std::vector<std::vector<std::int64_t>> rankings(2);
  std::unordered_set<std::int64_t> seen;
  for (const Candidate& candidate : candidates) {
    seen.insert(candidate.id);
    if (rankings[0].size() < kFused) rankings[0].push_back(candidate.id);
  }
  // Ranks count among what is searched.
  const std::size_t limit = admits ? std::max(kFused, vectors_.size()) : kFused;
  for (const std::int64_t id : index_.find_words(text, limit)) {
    if (admits && !admits(id)) continue;
    const std::optional<float> product = vectors_.product(id, direction.weights);
    if (!product) continue;
    rankings[1].push_back(id);
    const float cosine = *product + direction.offset;
    if (seen.insert(id).second) candidates.push_back({.id = id, .cosine = cosine});
  }
  if (rankings[1].empty()) return;
  const auto fused = search::fused_ranks(rankings);
  for (Candidate& candidate : candidates) {
    const auto found = fused.find(candidate.id);
    candidate.score = found == fused.end() ? 0.0 : found->second;
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& left, const auto& right) { return left.score > right.score; });
}

void LibrarySearch::rerank(
    const std::string& text, std::vector<Candidate>& candidates, Context& context,
    const std::function<void(const std::string&, const std::string&)>& on_failed) const {
  const std::vector<Tokens> tokens = embedder_.tokens(std::span(&text, 1));
  std::size_t next = 0;
  ImageStream stream(
      [&](const std::stop_token&) -> std::optional<ImageInput> {
        if (next == candidates.size()) return std::nullopt;
        const std::size_t index = next++;
        return ImageInput{.path = candidates[index].picture->path, .index = index};
      },
      [&](const ImageInput& input) { return embedder_.pictures()(input.path); },
      context.num_threads(), kReadAhead);
  while (const auto batch = stream.next_batch(1)) {
    const PreparedImage& prepared = batch->all()[0];
    if (!prepared.error.empty()) {
      on_failed(prepared.name, prepared.error);
      continue;
    }
    const std::vector<EncodedImage> encoded = embedder_.encode(batch->images(), context);
    Candidate& candidate = candidates[prepared.index];
    candidate.matching = embedder_.match(encoded[0], tokens, context).at(0);
    candidate.score = double{candidate.matching->logit} + double{candidate.cosine};
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& left, const auto& right) {
    if (left.matching.has_value() != right.matching.has_value()) return left.matching.has_value();
    return left.matching && left.score > right.score;
  });
}

std::vector<LibraryHit> LibrarySearch::find(
    const LibraryQuery& query, const LibrarySearchOptions& options, Context& context,
    const std::function<void(const std::string&, const std::string&)>& on_failed) {
  const Direction wanted = direction(query, context);
  std::unordered_set<std::int64_t> ids;
  search::Admits admits;
  if (!query.filter.empty()) {
    ids = admitted(query.filter);
    admits = [&ids](std::int64_t id) { return ids.contains(id); };
  }
  const bool reads_words = options.captions && !query.texts.empty();
  const bool is_one_text = query.texts.size() == 1 && query.photos.empty();
  const bool reranks = options.rerank && is_one_text && query.unwanted.empty() &&
                       embedder_.model().has_matching_head();
  const std::size_t kept = reranks ? std::max(options.top, options.candidates) : options.top;

  // The few photos that a filter leaves may be in any list.
  const bool is_approximate =
      !admits && (options.nearness == Nearness::approximate ||
                  (options.nearness == Nearness::automatic && vectors_.size() >= kApproximateRows));
  const std::vector<search::Near> nearest =
      vectors_.nearest(wanted.weights, reads_words ? std::max(kept, kFused) : kept,
                       is_approximate ? kProbedLists : 0, admits, context.threads());
  std::vector<Candidate> candidates;
  for (const search::Near& near : nearest) {
    const float cosine = near.product + wanted.offset;
    candidates.push_back({.id = near.picture, .cosine = cosine, .score = double{cosine}});
  }
  order_equals(candidates);
  if (reads_words) {
    std::string words;
    for (const std::string& text : query.texts) words += text + " ";
    fuse_words(words, wanted, admits, candidates);
  }
  if (candidates.size() > kept) candidates.resize(kept);
  for (Candidate& candidate : candidates) read_picture(candidate);
  std::erase_if(candidates, [](const Candidate& candidate) { return !candidate.picture; });
  if (reranks) rerank(query.texts[0], candidates, context, on_failed);
  if (candidates.size() > options.top) candidates.resize(options.top);

  std::vector<LibraryHit> hits;
  for (const Candidate& candidate : candidates) {
    hits.push_back({.picture = candidate.id,
                    .path = candidate.picture->path,
                    .score = static_cast<float>(candidate.score),
                    .cosine = candidate.cosine,
                    .matching = candidate.matching,
                    .caption = index_.caption_of(candidate.id)});
  }
  return hits;
}

}  // namespace blip::app
