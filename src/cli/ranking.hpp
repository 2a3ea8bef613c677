// Ranking: the paper's retrieval. Embeddings choose the candidates, the matching head puts them in
// order.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/matcher.hpp"

namespace blip::cli {

/// Where in a list something stands, and why.
struct Ranked {
  std::size_t index = 0;
  float cosine = 0.0F;
  Matching matching = {};  ///< if the candidates were reranked
  float score = 0.0F;      ///< what decides: the matching logit + the cosine, or the cosine alone
};

/// By score, best first; of equals, the first of the list first.
void put_in_order(std::vector<Ranked>& ranked);

/// The texts among `tokens` that fit an image best: of the `candidates` with the highest cosine,
/// reranked unless `rerank` is off, all in order.
std::vector<Ranked> rank_texts(Matcher& matcher, const EncodedImage& image,
                               std::span<const Tokens> tokens, const Tensor& embeddings,
                               std::size_t candidates, bool rerank);

/// The images that fit one text best. They come one after another, and only the encodings of
/// those that are still candidates are kept (about 2 MiB each at base size and 384 px).
class ImageRanking {
 public:
  /// text_embedding: [1, D]
  ImageRanking(Tensor text_embedding, std::size_t candidates, bool rerank)
      : text_embedding_(std::move(text_embedding)), capacity_(candidates), rerank_(rerank) {}

  /// embedding: [D]
  void offer(const std::string& name, const EncodedImage& image, std::span<const float> embedding);

  struct Entry {
    std::string name;
    Ranked ranked;
  };
  /// All candidates in order. Once: the encodings are gone after it. Throws blip::Error.
  std::vector<Entry> conclude(Matcher& matcher, const Tokens& text);

 private:
  struct Candidate {
    std::string name;
    std::size_t index;
    float cosine;
    std::optional<EncodedImage> image;
  };
  static bool better(const Candidate& left, const Candidate& right);

  Tensor text_embedding_;
  std::size_t capacity_;
  bool rerank_;
  std::size_t offered_ = 0;
  std::vector<Candidate> candidates_;  // a heap with the worst one in front
};

}  // namespace blip::cli
