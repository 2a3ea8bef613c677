// Tagger: pictures in, all the tags of a list that fit them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/label_embeddings.hpp"
#include "app/scored_label.hpp"

namespace blip::app {

/// The tags that come with the program: some 1,800 everyday things, places and doings.
std::vector<std::string> everyday_tags();

struct TaggerOptions {
  TextStyle style = TextStyle::hf;
  LabelSet tags;
  /// Words that fit any picture, read in the templates of the tags. A tag has to fit better than
  /// the one of them that fits best.
  std::vector<std::string> background = {"something", "anything", "a thing"};
  std::filesystem::path kept_labels = {};  ///< where vectors are kept; empty: nowhere
};

/// How many of the tags that fit are given.
struct TagChoice {
  std::size_t top = 10;
  float margin = 0.0F;  ///< by how much a tag's cosine must exceed the background's
};

/// The tags of each image that fit, as Tagger::tag. embeddings: [images, D], tag_embeddings:
/// [tags, D], background_embeddings: [texts, D]
std::vector<std::vector<ScoredLabel>> fitting_tags(const Tensor& embeddings,
                                                   std::span<const std::string> tags,
                                                   const Tensor& tag_embeddings,
                                                   const Tensor& background_embeddings,
                                                   const TagChoice& choice);

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Tagger {
 public:
  Tagger(const ModelOptions& model, TaggerOptions options, Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// For each image the tags that fit, the best first, each with its cosine less the highest one of
  /// the background. None may be left.
  [[nodiscard]] std::vector<std::vector<ScoredLabel>> tag(Images images, const TagChoice& choice,
                                                          Context& context) const;
  /// The same of pictures that are embedded: [images, D]
  [[nodiscard]] std::vector<std::vector<ScoredLabel>> tag(const Tensor& embeddings,
                                                          const TagChoice& choice) const;

 private:
  Embedder embedder_;
  std::vector<std::string> tags_;
  Tensor tag_embeddings_;         // [tags, D]
  Tensor background_embeddings_;  // [texts, D]
};

}  // namespace blip::app
