// ServerVectors: the vectors of an index on a PostgreSQL server, looked through there by pgvector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/library_index.hpp"
#include "search/nearest_rows.hpp"

namespace blip::search {

/// Mean and deviation of the products of a query with all vectors.
struct Moments {
  double mean = 0.0;
  double deviation = 0.0;
};

/// Vectors of a model from which on a server gets a graph of them (HNSW): it looks through fewer in
/// less than 100 ms (docs/library.md).
inline constexpr std::size_t kLeastGraphRows = 50'000;
/// pgvector makes no graph of longer vectors.
inline constexpr int kMostGraphDims = 2000;

/// Products are those of inner_product, made here of the vectors that the server names: so they are
/// the same to the last bit as those of a file. The index must outlive it.
class ServerVectors {
 public:
  ServerVectors(LibraryIndex& index, IndexedModel model);

  /// All are counted.
  [[nodiscard]] std::size_t size() const;
  /// Whether there is a graph, complete.
  [[nodiscard]] bool has_graph() const;

  /// As keep_nearest leaves them. `approximate`: by the graph, if there is one, all are admitted,
  /// and no more than 1,000 are asked for. query: [dims]
  [[nodiscard]] std::vector<Near> nearest(std::span<const float> query, std::size_t count,
                                          bool approximate, const Admits& admits) const;
  /// [dims], or empty.
  [[nodiscard]] std::vector<float> vector(std::int64_t picture) const;
  /// [pictures]
  [[nodiscard]] std::vector<std::optional<float>> products(std::span<const std::int64_t> pictures,
                                                           std::span<const float> query) const;
  [[nodiscard]] Moments moments(std::span<const float> query) const;

 private:
  [[nodiscard]] std::vector<Near> near_by_graph(std::span<const float> query,
                                                std::size_t count) const;
  [[nodiscard]] std::vector<Near> near_of_all(std::span<const float> query, std::size_t count,
                                              const Admits& admits) const;
  [[nodiscard]] std::vector<std::int64_t> admitted(const Admits& admits) const;

  LibraryIndex* index_;
  IndexedModel model_;
};

/// Makes the graph of a model with at least so many vectors, if there is none. The server keeps it
/// up to date from then on. Others may write meanwhile; one at a time makes it. What was removed is
/// forgotten: nobody has a file that has to hear of it. Outside of a transaction.
void refresh_vector_graph(LibraryIndex& index, const IndexedModel& model,
                          std::size_t least_rows = kLeastGraphRows);

}  // namespace blip::search
