// ItemVectors: the vectors of a catalogue's pictures and titles, and how near a query is to them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "search/catalogue_index.hpp"

namespace blip::app {

/// What is compared, [D] or empty for nothing, and what that counts.
struct WeightedVector {
  std::vector<float> vector;
  double weight = 0.0;
};

/// A part of a query: what pictures are compared with, and what titles are.
struct QueryPart {
  WeightedVector pictures;
  WeightedVector titles;
};

/// Immutable after construction.
class ItemVectors {
 public:
  /// None.
  explicit ItemVectors(const search::IndexedModel& model);
  /// Of these items, by whose places they are known here. Throws Error.
  ItemVectors(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
              const search::IndexedModel& model, std::span<const search::KnownItem> items);

  /// What an item's own vectors compare with, each with this weight.
  [[nodiscard]] QueryPart part_of(std::size_t item, double weight) const;

  /// Adds to the scores of items: [items]. The cosines of each comparison are made to have mean 0
  /// and deviation 1; an item without a picture, or without a vector of its title, is as the mean.
  void add_scores(const QueryPart& part, Context& context, std::span<double> scores) const;

  /// In the index.
  [[nodiscard]] std::optional<std::int64_t> picture_of(std::size_t item) const;

 private:
  // Vectors of one kind, and whose they are.
  struct Kind {
    search::VectorRows rows;
    std::vector<std::vector<std::size_t>> items;     // by row
    std::vector<std::optional<std::size_t>> row_of;  // by item

    explicit Kind(int dims) : rows(dims) {}
    void add_row(std::vector<std::size_t> those);
    [[nodiscard]] std::vector<float> vector_of(std::size_t item) const;
    void add_scores(const WeightedVector& query, Context& context, std::span<double> scores) const;
  };

  Kind pictures_;
  Kind titles_;
};

}  // namespace blip::app
