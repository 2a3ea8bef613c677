#include "app/ranker.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

MatchingHead head_for(const RankerOptions& options) {
  return options.rerank && !options.reranker ? MatchingHead::required : MatchingHead::optional;
}

std::optional<Reranker> open_reranker(const RankerOptions& options, TextStyle style,
                                      std::span<const std::string> texts) {
  if (!options.rerank || !options.reranker) return std::nullopt;
  return Reranker(*options.reranker, style, texts);
}

bool has_higher_cosine(const Ranked& left, const Ranked& right) {
  if (left.cosine != right.cosine) return left.cosine > right.cosine;
  return left.index < right.index;
}

// What was re-ranked before what was not.
bool is_better(const Ranked& left, const Ranked& right) {
  if (left.matching.has_value() != right.matching.has_value()) return left.matching.has_value();
  if (left.score() != right.score()) return left.score() > right.score();
  return left.index < right.index;
}

}  // namespace

Reranker::Reranker(const ModelOptions& model, TextStyle style, std::span<const std::string> texts)
    : embedder_(model, style, MatchingHead::required), texts_(embedder_.tokens(texts)) {}

std::vector<Matching> Reranker::match(const std::string& picture,
                                      std::span<const std::size_t> texts, Context& context) const {
  const PreparedImage image = {
      .name = picture, .index = 0, .pixel_values = embedder_.pictures()(picture), .error = {}};
  const PreparedImage* const alone = &image;
  std::vector<Tokens> chosen;
  chosen.reserve(texts.size());
  for (const std::size_t text : texts) chosen.push_back(texts_[text]);
  return embedder_.match(embedder_.encode(std::span(&alone, 1), context).front(), chosen, context);
}

TextRanker::TextRanker(const ModelOptions& model, TextStyle style,
                       std::span<const std::string> texts, const RankerOptions& options,
                       Context& context)
    : embedder_(model, style, head_for(options)),
      options_(options),
      reranker_(open_reranker(options, style, texts)),
      texts_(embedder_.tokens(texts)),
      text_embeddings_(embedder_.embed(texts_, context)) {}

std::vector<std::vector<Ranked>> TextRanker::rank(Images images, Context& context) const {
  const std::size_t candidates = options_.rerank ? options_.candidates : options_.top;
  std::vector<std::vector<Ranked>> all;
  const std::vector<EncodedImage> encoded = embedder_.encode(images, context);
  for (std::size_t index = 0; index < encoded.size(); ++index) {
    const EncodedImage& image = encoded[index];
    const Tensor image_embedding = embedder_.embed(std::span(&image, 1), context);
    std::vector<Ranked>& ranked = all.emplace_back();
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      ranked.push_back(
          {.index = i, .cosine = dot(row_of(image_embedding, 0), row_of(text_embeddings_, i))});
    }
    std::sort(ranked.begin(), ranked.end(), has_higher_cosine);
    ranked.resize(std::min(candidates, ranked.size()));
    if (options_.rerank) {
      const std::vector<Matching> matchings = match(image, images[index]->name, ranked, context);
      for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i].matching = matchings[i];
      std::sort(ranked.begin(), ranked.end(), is_better);
    }
    ranked.resize(std::min(ranked.size(), options_.top));
  }
  return all;
}

std::vector<Matching> TextRanker::match(const EncodedImage& image, const std::string& name,
                                        std::span<const Ranked> candidates,
                                        Context& context) const {
  std::vector<std::size_t> chosen;
  chosen.reserve(candidates.size());
  for (const Ranked& candidate : candidates) chosen.push_back(candidate.index);
  if (reranker_) return reranker_->match(name, chosen, context);
  std::vector<Tokens> texts;
  texts.reserve(chosen.size());
  for (const std::size_t text : chosen) texts.push_back(texts_[text]);
  return embedder_.match(image, texts, context);
}

ImageRanker::ImageRanker(const ModelOptions& model, TextStyle style, const std::string& text,
                         const RankerOptions& options, Context& context)
    : embedder_(model, style, head_for(options)),
      options_(options),
      reranker_(open_reranker(options, style, std::span(&text, 1))),
      capacity_(options.rerank ? options.candidates : options.top),
      text_(embedder_.tokens(std::span(&text, 1)).front()),
      text_embedding_(embedder_.embed(std::span(&text_, 1), context)) {}

void ImageRanker::add(Images images, Context& context) {
  std::vector<EncodedImage> encoded = embedder_.encode(images, context);
  const Tensor embeddings = embedder_.embed(encoded, context);
  const auto is_worse = [](const Candidate& left, const Candidate& right) {
    return has_higher_cosine(left.ranked, right.ranked);
  };
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Ranked ranked = {.index = added_++,
                           .cosine = dot(row_of(text_embedding_, 0), row_of(embeddings, i))};
    if (candidates_.size() == capacity_) {
      if (!has_higher_cosine(ranked, candidates_.front().ranked)) continue;
      std::pop_heap(candidates_.begin(), candidates_.end(), is_worse);
      candidates_.pop_back();
    }
    Candidate candidate{.name = images[i]->name, .ranked = ranked, .image = std::nullopt};
    if (options_.rerank && !reranker_) candidate.image = std::move(encoded[i]);
    candidates_.push_back(std::move(candidate));
    std::push_heap(candidates_.begin(), candidates_.end(), is_worse);
  }
}

std::size_t ImageRanker::num_candidates() const {
  const std::lock_guard lock(mutex_);
  return candidates_.size();
}

void ImageRanker::rerank(Context& context,
                         const std::function<void(std::size_t done)>& on_progress) {
  if (!options_.rerank) return;
  {
    const std::lock_guard lock(mutex_);
    std::sort(candidates_.begin(), candidates_.end(), [](const auto& left, const auto& right) {
      return has_higher_cosine(left.ranked, right.ranked);
    });
  }
  // Only this thread changes candidates_, so reading them needs no lock.
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const std::optional<Matching> matching = match(candidates_[i], context);
    {
      const std::lock_guard lock(mutex_);
      candidates_[i].ranked.matching = matching;
      candidates_[i].image.reset();  // what the text model reads of it is twenty times its own size
    }
    on_progress(i + 1);
  }
}

std::optional<Matching> ImageRanker::match(const Candidate& candidate, Context& context) const {
  if (!reranker_) return embedder_.match(*candidate.image, std::span(&text_, 1), context).front();
  constexpr std::size_t kOnly = 0;
  try {
    return reranker_->match(candidate.name, std::span(&kOnly, 1), context).front();
  } catch (const Error&) {
    return std::nullopt;  // it could be read a moment ago, and no longer can
  }
}

std::vector<ImageRanker::Entry> ImageRanker::ranking() const {
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries.reserve(candidates_.size());
    for (const Candidate& candidate : candidates_) {
      entries.push_back({.name = candidate.name, .ranked = candidate.ranked});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    return is_better(left.ranked, right.ranked);
  });
  if (entries.size() > options_.top) entries.resize(options_.top);
  return entries;
}

}  // namespace blip::app
