// LibrarySearch: finds pictures of an index by texts and by other pictures.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/library/picture_filter.hpp"
#include "search/library_index.hpp"

namespace blip::app {

struct LibraryQuery {
  std::vector<std::string> texts{};
  std::vector<std::string> photos{};    ///< names of pictures, as open_image takes them
  std::vector<std::string> unwanted{};  ///< texts that are not to fit
  float photo_weight = 1.0F;            ///< of a photo beside a text, which has 1
  float unwanted_weight = 0.5F;
  PictureFilter filter{};
};

struct LibrarySearchOptions {
  std::size_t top = 10;
  std::size_t candidates = 64;  ///< how many are re-ranked by the matching head
  bool rerank = true;           ///< where the model has one, of a query that is one text
  bool captions = true;         ///< their words count
};

struct LibraryHit {
  std::string path;
  float score = 0.0F;  ///< what decides
  float cosine =
      0.0F;  ///< weighted sum of the standardised cosines, if the query has several parts
  std::optional<Matching> matching{};
  std::optional<std::string> caption{};
};

/// A query goes through these steps:
/// 1. The cosines of its vector and all vectors of the index, exactly. If it has several parts, the
///    cosines of each are made to have mean 0 and deviation 1 over the library, weighted and added:
///    two photos are always more alike than a photo and a text.
/// 2. If there are captions and a text, the ranking by cosines and the one by words (BM25) are
///    fused by reciprocal ranks.
/// 3. The matching head gives the best of these the score of `blip rank`: logit plus cosine. One
///    that can no longer be read keeps its place behind the others.
class LibrarySearch {
 public:
  /// All must outlive it. Throws Error.
  LibrarySearch(search::LibraryIndex& index, const search::IndexedModel& model,
                const Embedder& embedder);

  /// The best first. `on_failed` hears of pictures that could not be re-ranked. Throws Error.
  [[nodiscard]] std::vector<LibraryHit> find(
      const LibraryQuery& query, const LibrarySearchOptions& options, Context& context,
      const std::function<void(const std::string& path, const std::string& error)>& on_failed);

 private:
  struct Candidate {
    const search::KnownPicture* picture = nullptr;
    float cosine = 0.0F;
    double score = 0.0;
    std::optional<Matching> matching{};
  };

  [[nodiscard]] std::vector<float> cosines(const LibraryQuery& query, Context& context) const;
  void fuse_words(const std::string& text, bool is_filtered, std::vector<Candidate>& candidates);
  void rerank(const std::string& text, std::vector<Candidate>& candidates, Context& context,
              const std::function<void(const std::string&, const std::string&)>& on_failed) const;

  search::LibraryIndex& index_;
  const Embedder& embedder_;
  search::VectorRows rows_;
  std::vector<search::KnownPicture> pictures_;
  std::vector<const search::KnownPicture*> picture_of_row_;  // null: of no picture
};

}  // namespace blip::app
