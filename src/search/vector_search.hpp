// VectorSearch: the nearest vectors of an index, out of a file of vectors beside it and of what
// that file lacks; or, where there is none, out of SQLite. Those of a server are looked for there.
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
#include "search/server_vectors.hpp"
#include "search/vector_file.hpp"

namespace blip::search {

/// The file of this model's vectors; none if there is none, or it is not this index's, or is older
/// than what the index has forgotten. Throws Error only for what is wrong with the index.
std::optional<VectorFile> open_vector_file(LibraryIndex& index, const IndexedModel& model);

/// What the vectors are is read when it is made, within the caller's snapshot; not changed
/// afterwards. Of an index on a server nothing is read then: it asks the index, which has to
/// outlive it, and is no safer to share than that.
class VectorSearch {
 public:
  VectorSearch(LibraryIndex& index, const IndexedModel& model);

  [[nodiscard]] std::size_t size() const { return server_ ? server_->size() : size_; }
  /// Whether there are lists, or a server's graph, so that a search may look at some alone.
  [[nodiscard]] bool has_lists() const {
    return server_ ? server_->has_graph() : file_ && file_->lists() > 1;
  }
  /// Whether it takes too long to look at all: from so many on, or where a server has a graph.
  [[nodiscard]] bool is_large(std::size_t rows) const {
    return server_ ? server_->has_graph() : size_ >= rows;
  }

  /// As nearest_rows; `lists` says nothing where there are none.
  [[nodiscard]] std::vector<Near> nearest(std::span<const float> query, std::size_t count,
                                          std::size_t lists, const Admits& admits,
                                          ThreadPool& threads) const;
  /// Of this picture; empty if it has none.
  [[nodiscard]] std::vector<float> vector(std::int64_t picture) const;
  /// inner_product with this picture's vector, if it has one.
  [[nodiscard]] std::optional<float> product(std::int64_t picture,
                                             std::span<const float> query) const;
  /// The same of several, at once: [pictures]
  [[nodiscard]] std::vector<std::optional<float>> products(std::span<const std::int64_t> pictures,
                                                           std::span<const float> query) const;
  /// Of all vectors, which are all read.
  [[nodiscard]] Moments moments(std::span<const float> query, ThreadPool& threads) const;

 private:
  [[nodiscard]] std::span<const float> find(std::int64_t picture) const;

  std::optional<ServerVectors> server_;  // then nothing else is
  std::optional<VectorFile> file_;
  VectorRows rows_;                                       // what the file lacks
  std::unordered_map<std::int64_t, std::size_t> row_of_;  // in rows_, by picture
  std::unordered_set<std::int64_t> stale_;  // pictures whose vectors in the file are none any more
  std::size_t stale_rows_ = 0;
  std::size_t size_ = 0;
};

}  // namespace blip::search
