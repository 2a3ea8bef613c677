// LibrarySearch: finds pictures of an index by texts and by other pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/library/picture_filter.hpp"
#include "app/library/picture_ranking.hpp"
#include "search/library_index.hpp"
#include "search/vector_search.hpp"

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
  double word_weight = kCaptionWordWeight;  ///< what those of models count
  Nearness nearness = Nearness::automatic;
};

struct LibraryHit {
  std::int64_t picture = 0;
  std::string path;
  float score = 0.0F;  ///< what decides
  float cosine =
      0.0F;  ///< weighted sum of the standardised cosines, if the query has several parts
  std::optional<Matching> matching{};
  std::optional<std::string> caption{};
};

/// A query goes through the steps of rank_pictures, and through one more: the matching head gives
/// the best of these the score of `blip rank`, logit plus cosine. One that can no longer be read
/// keeps its place behind the others.
class LibrarySearch {
 public:
  /// All must outlive it. It sees the index as it is now. Throws Error.
  LibrarySearch(search::LibraryIndex& index, const search::IndexedModel& model,
                const Embedder& embedder);

  /// The best first. `on_failed` hears of pictures that could not be re-ranked. Throws Error.
  [[nodiscard]] std::vector<LibraryHit> find(
      const LibraryQuery& query, const LibrarySearchOptions& options, Context& context,
      const std::function<void(const std::string& path, const std::string& error)>& on_failed);

 private:
  struct Candidate : RankedPicture {
    std::optional<Matching> matching{};
  };

  [[nodiscard]] std::vector<WantedVector> wanted(const LibraryQuery& query, Context& context) const;
  void rerank(const std::string& text, std::vector<Candidate>& candidates, Context& context,
              const std::function<void(const std::string&, const std::string&)>& on_failed) const;

  search::LibraryIndex& index_;
  const search::IndexedModel& model_;
  const Embedder& embedder_;
  search::Snapshot snapshot_;  // before what is read in it
  search::VectorSearch vectors_;
};

}  // namespace blip::app
