#include "app/interrogator.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "app/scored_label.hpp"
#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// The CLIP Interrogator's numbers.
constexpr std::size_t kClassicFlavors = 3;
constexpr std::size_t kFlavors = 32;

// A prompt and where in it each phrase ends.
class PromptText {
 public:
  explicit PromptText(std::string caption) : text_(std::move(caption)) {}

  void add(std::string_view between, const std::string& phrase) {
    text_.append(between).append(phrase);
    phrases_.emplace_back(phrase, text_.size());
  }

  // The prompt as far as it fits, and the phrases that are whole in it.
  [[nodiscard]] Interrogation cut(const PromptJudge& judge) const {
    Interrogation found{.prompt = cut_to_fit(judge, text_), .phrases = {}};
    for (const auto& [phrase, end] : phrases_) {
      if (end <= found.prompt.size()) found.phrases.push_back(phrase);
    }
    return found;
  }

 private:
  std::string text_;
  std::vector<std::pair<std::string, std::size_t>> phrases_;
};

}  // namespace

Interrogator::Interrogator(const ModelOptions& model, InterrogatorOptions options, Context& context)
    : embedder_(model, TextStyle::hf), options_(std::move(options)) {
  std::unordered_set<std::string> seen;
  const auto add = [&](Table& table, const std::vector<std::string>& phrases) {
    for (const std::string& phrase : phrases) {
      if (seen.insert(phrase).second) table.phrases.push_back(phrase);
    }
    if (table.phrases.empty()) return;
    table.embeddings =
        kept_label_embeddings(embedder_, model, {.labels = table.phrases, .templates = {"{}"}},
                              options_.kept_labels, context);
    all_.phrases.insert(all_.phrases.end(), table.phrases.begin(), table.phrases.end());
    std::vector<float>& all = all_.embeddings.data;
    all.insert(all.end(), table.embeddings.data.begin(), table.embeddings.data.end());
    all_.embeddings.shape = {static_cast<std::int64_t>(all_.phrases.size()),
                             table.embeddings.shape[1]};
  };
  // In the order of the original's merged list.
  const PhraseLists& lists = options_.phrases;
  add(artists_, lists.artists);
  add(flavors_, lists.all_flavors());
  add(mediums_, lists.mediums);
  add(movements_, lists.movements);
  add(trendings_, lists.trendings);
  const bool is_negative = options_.mode == InterrogationMode::negative;
  if (is_negative ? flavors_.phrases.empty() && lists.negative.empty() : all_.phrases.empty()) {
    throw Error(ErrorCode::invalid_argument, "no phrases to choose from");
  }
}

Interrogator::Picture Interrogator::picture_of(std::span<const float> embedding,
                                               Context& context) const {
  const auto similarities = [this, embedding, &context](std::span<const std::string> texts) {
    const Tensor embeddings = embedder_.embed(tokens_of(texts), context);
    std::vector<float> cosines;
    cosines.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      cosines.push_back(dot(embedding, row_of(embeddings, i)));
    }
    return cosines;
  };
  const auto is_full = [this](const std::string& text) {
    const DualEncoder& model = embedder_.model();
    return model.tokens(text, embedder_.style()).size() >= model.context_length();
  };
  return {embedding, {similarities, is_full}};
}

std::vector<Tokens> Interrogator::tokens_of(std::span<const std::string> texts) const {
  std::vector<Tokens> rows = embedder_.tokens(texts);
  const std::size_t most = embedder_.model().context_length();
  for (Tokens& row : rows) {
    if (row.size() > most)
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(most) - 1, row.end() - 1);
  }
  return rows;
}

std::vector<std::string> Interrogator::ranked(const Table& table, const Picture& picture,
                                              std::size_t count, bool reverse) {
  std::vector<float> scores;
  scores.reserve(table.phrases.size());
  for (std::size_t i = 0; i < table.phrases.size(); ++i) {
    const float cosine = dot(picture.embedding, row_of(table.embeddings, i));
    scores.push_back(reverse ? -cosine : cosine);
  }
  std::vector<std::string> phrases;
  for (ScoredLabel& best : best_labels(scores, table.phrases, count)) {
    phrases.push_back(std::move(best.label));
  }
  return phrases;
}

std::size_t Interrogator::max_flavors() const {
  const bool is_classic = options_.mode == InterrogationMode::classic;
  return options_.max_flavors.value_or(is_classic ? kClassicFlavors : kFlavors);
}

Interrogation Interrogator::fast(const Picture& picture, const std::string& caption) const {
  PromptText text(caption);
  for (const std::string& phrase : ranked(all_, picture, max_flavors())) text.add(", ", phrase);
  return text.cut(picture.judge);
}

Interrogation Interrogator::classic(const Picture& picture, const std::string& caption) const {
  PromptText text(caption);
  for (const std::string& medium : ranked(mediums_, picture, 1)) {
    if (!caption.starts_with(medium)) text.add(", ", medium);
  }
  for (const std::string& artist : ranked(artists_, picture, 1)) text.add(" ", artist);
  for (const std::string& trending : ranked(trendings_, picture, 1)) text.add(", ", trending);
  for (const std::string& movement : ranked(movements_, picture, 1)) text.add(", ", movement);
  for (const std::string& flavor : ranked(flavors_, picture, max_flavors())) text.add(", ", flavor);
  return text.cut(picture.judge);
}

Interrogation Interrogator::negative(const Picture& picture) const {
  std::vector<std::string> phrases =
      ranked(flavors_, picture, options_.candidates, /*reverse=*/true);
  const std::vector<std::string>& more = options_.phrases.negative;
  phrases.insert(phrases.end(), more.begin(), more.end());
  PromptChain chain = chain_phrases(
      picture.judge, std::move(phrases), "",
      {.min_count = options_.min_flavors, .max_count = max_flavors(), .reverse = true});
  return {.prompt = std::move(chain.prompt), .phrases = std::move(chain.phrases)};
}

Interrogation Interrogator::best(const Picture& picture, const std::string& caption) const {
  PromptChain chain =
      chain_phrases(picture.judge, ranked(all_, picture, options_.candidates), caption,
                    {.min_count = options_.min_flavors, .max_count = max_flavors()});
  std::vector<Interrogation> found = {
      {.prompt = caption, .phrases = {}},
      classic(picture, caption),
      fast(picture, caption),
      {.prompt = std::move(chain.prompt), .phrases = std::move(chain.phrases)}};
  std::vector<std::string> prompts;
  for (const Interrogation& each : found) prompts.push_back(each.prompt);
  const std::vector<float> similarities = picture.judge.similarities(prompts);
  const auto nearest = std::max_element(similarities.begin(), similarities.end());
  return std::move(found[static_cast<std::size_t>(nearest - similarities.begin())]);
}

std::vector<Interrogation> Interrogator::interrogate(Images images,
                                                     std::span<const std::string> captions,
                                                     Context& context) const {
  if (needs_captions() && captions.size() != images.size()) {
    throw Error(ErrorCode::invalid_argument, "every picture needs a caption");
  }
  const Tensor embeddings = embedder_.embed(embedder_.encode(images, context), context);
  std::vector<Interrogation> all;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Picture picture = picture_of(row_of(embeddings, i), context);
    const auto prompt = [&]() -> Interrogation {
      switch (options_.mode) {
        case InterrogationMode::fast:
          return fast(picture, captions[i]);
        case InterrogationMode::classic:
          return classic(picture, captions[i]);
        case InterrogationMode::negative:
          return negative(picture);
        case InterrogationMode::best:
          break;
      }
      return best(picture, captions[i]);
    };
    Interrogation found = prompt();
    found.similarity = picture.judge.similarities(std::span(&found.prompt, 1)).front();
    all.push_back(std::move(found));
  }
  return all;
}

}  // namespace blip::app
