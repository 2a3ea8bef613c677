// Rankers: the paper's retrieval. Embeddings choose the candidates, the matching head puts them in
// order.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"

namespace blip::app {

struct RankerOptions {
  std::size_t candidates = 256;  ///< how many are re-ranked by the matching head
  bool rerank = true;            ///< off: the cosine decides alone
  std::size_t top = 10;          ///< how many are returned
  /// The model whose matching head re-ranks; none: the one that embeds.
  std::optional<ModelOptions> reranker{};
};

/// Why something has its place in a ranking.
struct Ranked {
  std::size_t index = 0;  ///< its place in the list that was ranked
  float cosine = 0.0F;
  std::optional<Matching> matching{};  ///< nothing unless it was re-ranked
  /// What decides: the matching logit plus the cosine, or the cosine alone.
  [[nodiscard]] float score() const { return matching ? matching->logit + cosine : cosine; }
};

/// The matching head of another model than the one that chose the candidates. It reads the pictures
/// again, as its own processor prepares them. Safe to call from many threads, each with a Context.
class Reranker {
 public:
  Reranker(const ModelOptions& model, TextStyle style, std::span<const std::string> texts);

  /// The picture, as it was named, with some of the texts. Throws blip::Error.
  [[nodiscard]] std::vector<Matching> match(const std::string& picture,
                                            std::span<const std::size_t> texts,
                                            Context& context) const;

 private:
  Embedder embedder_;
  std::vector<Tokens> texts_;
};

/// Finds the texts that fit a picture best. Safe to call from many threads, each with a Context.
class TextRanker {
 public:
  TextRanker(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
             const RankerOptions& options, Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// For each image its best texts, the best first; of equals, the first of the list first.
  /// A reranker reads the images again by their names.
  [[nodiscard]] std::vector<std::vector<Ranked>> rank(Images images, Context& context) const;

 private:
  // `candidates` are of one image, which is called `name`.
  [[nodiscard]] std::vector<Matching> match(const EncodedImage& image, const std::string& name,
                                            std::span<const Ranked> candidates,
                                            Context& context) const;

  Embedder embedder_;
  RankerOptions options_;
  std::optional<Reranker> reranker_;
  std::vector<Tokens> texts_;
  Tensor text_embeddings_;  // [texts, D]
};

/// Finds the pictures that fit one text best. Pictures come in batches, and only the encodings of
/// those that are still candidates are kept (about 2 MiB each at base size and 384 px).
///
/// One thread adds and re-ranks; `ranking` may be called by another at any time.
class ImageRanker {
 public:
  ImageRanker(const ModelOptions& model, TextStyle style, const std::string& text,
              const RankerOptions& options, Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  void add(Images images, Context& context);

  [[nodiscard]] std::size_t num_candidates() const;
  /// Gives every candidate the score of the matching head, those with the highest cosine first,
  /// and calls `on_progress` after each with how many are done. Does nothing if re-ranking is off.
  /// One that a reranker can no longer read keeps its cosine alone.
  void rerank(Context& context, const std::function<void(std::size_t done)>& on_progress);

  struct Entry {
    std::string name;
    Ranked ranked;
  };
  /// The best so far: those that were re-ranked by their score, then the others by their cosine.
  [[nodiscard]] std::vector<Entry> ranking() const;

 private:
  struct Candidate {
    std::string name;
    Ranked ranked;
    std::optional<EncodedImage> image;  // until it is re-ranked; none if a reranker does it
  };

  [[nodiscard]] std::optional<Matching> match(const Candidate& candidate, Context& context) const;

  Embedder embedder_;
  RankerOptions options_;
  std::optional<Reranker> reranker_;
  std::size_t capacity_;
  Tokens text_;
  Tensor text_embedding_;  // [1, D]
  std::size_t added_ = 0;

  mutable std::mutex mutex_;           // of candidates_
  std::vector<Candidate> candidates_;  // a heap with the worst one in front, until they are sorted
};

}  // namespace blip::app
