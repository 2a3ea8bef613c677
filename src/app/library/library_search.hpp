// LibrarySearch: finds pictures of an index by texts and by other pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/embedder.hpp"
#include "app/library/picture_filter.hpp"
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

/// How vectors are looked through.
enum class Nearness {
  automatic,    ///< approximately from kApproximateRows, if there is no filter
  exact,        ///< all of them
  approximate,  ///< the most promising lists, where the index has any
};

/// Vectors from which the nearest ones are found approximately, if nobody says how: looking through
/// all of them would take longer than 50 ms.
inline constexpr std::size_t kApproximateRows = 2'000'000;
/// Lists that are looked through, of 1,000 where there are a million vectors: of the ten nearest
/// photos, 99 in a hundred are then found (tools/library_scale.py).
inline constexpr std::size_t kProbedLists = 32;

struct LibrarySearchOptions {
  std::size_t top = 10;
  std::size_t candidates = 64;  ///< how many are re-ranked by the matching head
  bool rerank = true;           ///< where the model has one, of a query that is one text
  bool captions = true;         ///< their words count
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

/// A query goes through these steps:
/// 1. The cosines of its vector and the vectors of the index. If it has several parts, the
///    cosines of each are made to have mean 0 and deviation 1 over the library, weighted and added:
///    two photos are always more alike than a photo and a text.
/// 2. If there are captions and a text, the ranking by cosines and the one by words (BM25) are
///    fused by reciprocal ranks.
/// 3. The matching head gives the best of these the score of `blip rank`: logit plus cosine. One
///    that can no longer be read keeps its place behind the others.
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
  struct Candidate {
    std::int64_t id = 0;
    float cosine = 0.0F;
    double score = 0.0;
    std::optional<Matching> matching{};
    std::optional<search::KnownPicture> picture{};
  };
  // What a vector is worth: its inner product with `weights`, plus `offset`.
  struct Direction {
    std::vector<float> weights;  // [D]
    float offset = 0.0F;
  };

  [[nodiscard]] Direction direction(const LibraryQuery& query, Context& context) const;
  [[nodiscard]] std::unordered_set<std::int64_t> admitted(const PictureFilter& filter);
  void read_picture(Candidate& candidate);
  void order_equals(std::vector<Candidate>& candidates);
  void fuse_words(const std::string& text, const Direction& direction, const search::Admits& admits,
                  std::vector<Candidate>& candidates);
  void rerank(const std::string& text, std::vector<Candidate>& candidates, Context& context,
              const std::function<void(const std::string&, const std::string&)>& on_failed) const;

  search::LibraryIndex& index_;
  const search::IndexedModel& model_;
  const Embedder& embedder_;
  search::Snapshot snapshot_;  // before what is read in it
  search::VectorSearch vectors_;
};

}  // namespace blip::app
