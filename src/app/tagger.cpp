#include "app/tagger.hpp"

#include <algorithm>
#include <utility>

#include "app/bundled_lines.hpp"
#include "app/everyday_tags.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {

std::vector<std::string> everyday_tags() {
  return bundled_lines(kEverydayTags);
}

Tagger::Tagger(const ModelOptions& model, TaggerOptions options, Context& context)
    : embedder_(model, options.style),
      tag_embeddings_(
          kept_label_embeddings(embedder_, model, options.tags, options.kept_labels, context)),
      background_embeddings_(embed_labels(
          embedder_, {.labels = std::move(options.background), .templates = options.tags.templates},
          context)) {
  tags_ = std::move(options.tags.labels);
}

std::vector<std::vector<ScoredLabel>> Tagger::tag(Images images, const TagChoice& choice,
                                                  Context& context) const {
  return tag(embedder_.embed(embedder_.encode(images, context), context), choice);
}

std::vector<std::vector<ScoredLabel>> Tagger::tag(const Tensor& embeddings,
                                                  const TagChoice& choice) const {
  return fitting_tags(embeddings, tags_, tag_embeddings_, background_embeddings_, choice);
}

std::vector<std::vector<ScoredLabel>> fitting_tags(const Tensor& embeddings,
                                                   std::span<const std::string> tags,
                                                   const Tensor& tag_embeddings,
                                                   const Tensor& background_embeddings,
                                                   const TagChoice& choice) {
  const std::int64_t width = embeddings.shape[1];
  Tensor scores = scaled_cosines(embeddings, tag_embeddings, width, 1.0F);
  const Tensor background = scaled_cosines(embeddings, background_embeddings, width, 1.0F);
  std::vector<std::vector<ScoredLabel>> all;
  const auto images = static_cast<std::size_t>(embeddings.shape.front());
  all.reserve(images);
  for (std::size_t image = 0; image < images; ++image) {
    const auto texts = row_of(background, image);
    const float threshold = *std::max_element(texts.begin(), texts.end());
    const auto row = row_of(scores, image);
    std::vector<float> margins(row.begin(), row.end());
    for (float& margin : margins) margin -= threshold;
    std::vector<ScoredLabel> best = best_labels(margins, tags, choice.top);
    std::erase_if(best, [&](const ScoredLabel& tag) { return tag.score < choice.margin; });
    all.push_back(std::move(best));
  }
  return all;
}

}  // namespace blip::app
