// VectorSearch: the nearest vectors of an index, out of a file of vectors beside it and of what
// that file lacks; or, where there is none, out of SQLite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/thread_pool.hpp"
#include "search/library_index.hpp"
#include "search/nearest_rows.hpp"
#include "search/vector_file.hpp"

namespace blip::search {

/// The file of this model's vectors; none if there is none, or it is not this index's, or is older
/// than what the index has forgotten. Throws Error only for what is wrong with the index.
std::optional<VectorFile> open_vector_file(LibraryIndex& index, const IndexedModel& model);

/// Mean and deviation of the products of a query with all vectors.
struct Moments {
  double mean = 0.0;
  double deviation = 0.0;
};

/// What the vectors are is read when it is made, within the caller's snapshot; not changed
/// afterwards.
class VectorSearch {
 public:
  VectorSearch(LibraryIndex& index, const IndexedModel& model);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Whether there are lists, so that a search may look at some alone.
  [[nodiscard]] bool has_lists() const noexcept { return file_ && file_->lists() > 1; }

  /// As nearest_rows; `lists` says nothing where there are none.
  [[nodiscard]] std::vector<Near> nearest(std::span<const float> query, std::size_t count,
                                          std::size_t lists, const Admits& admits,
                                          ThreadPool& threads) const;
  /// Of this picture, if it has one; valid as long as this is.
  [[nodiscard]] std::span<const float> vector(std::int64_t picture) const;
  /// inner_product with this picture's vector, if it has one.
  [[nodiscard]] std::optional<float> product(std::int64_t picture,
                                             std::span<const float> query) const;
  /// Of all vectors, which are all read.
  [[nodiscard]] Moments moments(std::span<const float> query, ThreadPool& threads) const;

 private:
  std::optional<VectorFile> file_;
  VectorRows rows_;                                       // what the file lacks
  std::unordered_map<std::int64_t, std::size_t> row_of_;  // in rows_, by picture
  std::unordered_set<std::int64_t> stale_;  // pictures whose vectors in the file are none any more
  std::size_t stale_rows_ = 0;
  std::size_t size_ = 0;
};

}  // namespace blip::search
