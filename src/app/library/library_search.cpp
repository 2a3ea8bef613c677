#include "app/library/library_search.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
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

// To mean 0 and deviation 1.
void standardise(std::vector<float>& values) {
  if (values.empty()) return;
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const float value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / count);
  for (float& value : values) {
    value = deviation > 0 ? static_cast<float>((value - mean) / deviation) : 0.0F;
  }
}

Tensor photo_vector(const Embedder& embedder, const std::string& name, Context& context) {
  const PreparedImage photo{.name = name, .pixel_values = embedder.pictures()(name), .error = {}};
  const PreparedImage* const image = &photo;
  return embedder.embed(embedder.encode(Images(&image, 1), context), context);
}

}  // namespace

LibrarySearch::LibrarySearch(search::LibraryIndex& index, const search::IndexedModel& model,
                             const Embedder& embedder)
    : index_(index), embedder_(embedder), rows_(index.vectors(model)), pictures_(index.pictures()) {
  std::unordered_map<std::int64_t, const KnownPicture*> by_id;
  for (const KnownPicture& picture : pictures_) by_id.emplace(picture.id, &picture);
  for (const std::int64_t id : rows_.pictures()) {
    const auto found = by_id.find(id);
    picture_of_row_.push_back(found == by_id.end() ? nullptr : found->second);
  }
}

std::vector<float> LibrarySearch::cosines(const LibraryQuery& query, Context& context) const {
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

  std::vector<float> sums(rows_.size());
  for (const Part& part : parts) {
    const auto vector = row_of(part.vector, 0);
    if (rows_.size() > 0 && vector.size() != rows_.row(0).size()) {
      throw Error(ErrorCode::invalid_argument,
                  "the model's vectors have another length than those of the index");
    }
    std::vector<float> products = rows_.products(vector, context.threads());
    if (parts.size() == 1) return products;
    standardise(products);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += part.weight * products[i];
  }
  return sums;
}

void LibrarySearch::fuse_words(const std::string& text, bool is_filtered,
                               std::vector<Candidate>& candidates) {
  std::vector<std::vector<std::int64_t>> rankings(2);
  for (const Candidate& candidate : candidates) {
    if (rankings[0].size() == kFused) break;
    rankings[0].push_back(candidate.picture->id);
  }
  rankings[1] = index_.find_words(text, is_filtered ? pictures_.size() : kFused);
  if (is_filtered) {  // ranks count among what is searched
    std::unordered_set<std::int64_t> searched;
    for (const Candidate& candidate : candidates) searched.insert(candidate.picture->id);
    std::erase_if(rankings[1], [&](std::int64_t id) { return !searched.contains(id); });
  }
  if (rankings[1].empty()) return;
  const auto fused = search::fused_ranks(rankings);
  for (Candidate& candidate : candidates) {
    const auto found = fused.find(candidate.picture->id);
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
  const std::vector<float> all = cosines(query, context);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const KnownPicture* picture = picture_of_row_[i];
    if (picture == nullptr || !query.filter.fits(*picture)) continue;
    candidates.push_back({.picture = picture, .cosine = all[i], .score = double{all[i]}});
  }
  // Of equals, the first path first, whatever order the index has them in.
  std::sort(candidates.begin(), candidates.end(), [](const auto& left, const auto& right) {
    if (left.cosine != right.cosine) return left.cosine > right.cosine;
    return left.picture->path < right.picture->path;
  });
  const bool is_one_text = query.texts.size() == 1 && query.photos.empty();
  if (options.captions && !query.texts.empty()) {
    std::string words;
    for (const std::string& text : query.texts) words += text + " ";
    fuse_words(words, !query.filter.empty(), candidates);
  }
  const bool reranks = options.rerank && is_one_text && query.unwanted.empty() &&
                       embedder_.model().has_matching_head();
  const std::size_t kept = reranks ? std::max(options.top, options.candidates) : options.top;
  if (candidates.size() > kept) candidates.resize(kept);
  if (reranks) rerank(query.texts[0], candidates, context, on_failed);
  if (candidates.size() > options.top) candidates.resize(options.top);

  std::vector<LibraryHit> hits;
  for (const Candidate& candidate : candidates) {
    hits.push_back({.path = candidate.picture->path,
                    .score = static_cast<float>(candidate.score),
                    .cosine = candidate.cosine,
                    .matching = candidate.matching,
                    .caption = index_.caption_of(candidate.picture->id)});
  }
  return hits;
}

}  // namespace blip::app
