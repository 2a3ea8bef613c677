#include "app/library/library_search.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "app/images/image_stream.hpp"
#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// Pictures that are read while one is matched.
constexpr std::size_t kReadAhead = 8;

std::vector<float> only_row_of(const Tensor& vectors) {
  const auto row = row_of(vectors, 0);
  return {row.begin(), row.end()};
}

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

std::vector<WantedVector> LibrarySearch::wanted(const LibraryQuery& query, Context& context) const {
  std::vector<WantedVector> wanted;
  const auto add_text = [&](const std::string& text, float weight) {
    const std::vector<Tokens> tokens = embedder_.tokens(std::span(&text, 1));
    wanted.push_back({only_row_of(embedder_.embed(tokens, context)), weight});
  };
  for (const std::string& text : query.texts) add_text(text, 1.0F);
  for (const std::string& photo : query.photos) {
    wanted.push_back({only_row_of(photo_vector(embedder_, photo, context)), query.photo_weight});
  }
  for (const std::string& text : query.unwanted) add_text(text, -query.unwanted_weight);
  return wanted;
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
  const bool is_one_text = query.texts.size() == 1 && query.photos.empty();
  const bool reranks = options.rerank && is_one_text && query.unwanted.empty() &&
                       embedder_.model().has_matching_head();
  PictureQuery ranked{.wanted = wanted(query, context),
                      .nearness = options.nearness,
                      .count = reranks ? std::max(options.top, options.candidates) : options.top};
  ranked.word_weight = options.word_weight;
  if (options.captions) {
    for (const std::string& text : query.texts) ranked.words += text + " ";
  }
  std::unordered_set<std::int64_t> ids;
  if (!query.filter.empty()) {
    for (const std::int64_t id : admitted_pictures(index_, query.filter)) ids.insert(id);
    ranked.admits = [&ids](std::int64_t id) { return ids.contains(id); };
  }
  std::vector<Candidate> candidates;
  for (RankedPicture& each : rank_pictures(index_, model_, vectors_, ranked, context.threads())) {
    if (!each.picture) each.picture = index_.picture(each.id);
    if (each.picture) candidates.push_back({std::move(each)});
  }
  if (reranks) rerank(query.texts[0], candidates, context, on_failed);
  if (candidates.size() > options.top) candidates.resize(options.top);

  std::vector<LibraryHit> hits;
  hits.reserve(candidates.size());
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
