// Pictures of an index in the order in which they fit vectors and words. It knows no model: whoever
// searches brings the vectors of what is looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/thread_pool.hpp"
#include "search/library_index.hpp"
#include "search/vector_search.hpp"

namespace blip::app {

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

/// What a picture is to be like, or, with a negative weight, unlike.
struct WantedVector {
  std::vector<float> values;  ///< of unit length
  float weight = 1.0F;
};

struct RankedPicture {
  std::int64_t id = 0;
  float cosine = 0.0F;  ///< weighted sum of the standardised ones, if several vectors are wanted
  double score = 0.0;   ///< what decides
  std::optional<search::KnownPicture> picture{};  ///< if it had to be read
};

/// What the words of models' captions count; those of captions by hand count 1. A model's caption
/// says less of a photo than its vector does: tools/library_recall.py prints what other weights
/// find.
inline constexpr double kCaptionWordWeight = 0.1;

struct PictureQuery {
  std::vector<WantedVector> wanted{};  ///< at least one
  std::string words{};                 ///< that captions may have; empty: captions count nothing
  double word_weight = kCaptionWordWeight;  ///< of the words of models; cosines count 1
  search::Admits admits{};                  ///< empty: all
  Nearness nearness = Nearness::automatic;
  std::size_t count = 10;
};

/// The best `count`, the best first, by these steps:
/// 1. The cosines of the wanted vector and the vectors of the index. If there are several wanted
///    vectors, the cosines of each are made to have mean 0 and deviation 1 over the library,
///    weighted and added: two photos are always more alike than a photo and a text.
/// 2. If there are words, the ranking by cosines and those by words (BM25) are fused by reciprocal
///    ranks: that of models' captions counts `word_weight`, that of captions by hand 1.
/// `vectors` are those of `model`, of the snapshot that the caller holds. Throws Error.
std::vector<RankedPicture> rank_pictures(search::LibraryIndex& index,
                                         const search::IndexedModel& model,
                                         const search::VectorSearch& vectors,
                                         const PictureQuery& query, ThreadPool& threads);

}  // namespace blip::app
