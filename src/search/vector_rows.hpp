// VectorRows: the vectors of a library, in memory, and their products with a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/thread_pool.hpp"

namespace blip::search {

class VectorRows {
 public:
  explicit VectorRows(int dims) : dims_(static_cast<std::size_t>(dims)) {}

  void reserve(std::size_t rows);
  /// vector: [dims]
  void add(std::int64_t picture, std::span<const float> vector);

  [[nodiscard]] std::size_t size() const noexcept { return pictures_.size(); }
  /// Whose vectors they are: [rows]
  [[nodiscard]] std::span<const std::int64_t> pictures() const noexcept { return pictures_; }
  [[nodiscard]] std::span<const float> row(std::size_t index) const {
    return std::span(values_).subspan(index * dims_, dims_);
  }

  /// query: [dims] → its inner product with every row, exact: [rows]. The order of a sum does not
  /// depend on the number of threads.
  [[nodiscard]] std::vector<float> products(std::span<const float> query,
                                            ThreadPool& threads) const;

 private:
  std::size_t dims_;
  std::vector<std::int64_t> pictures_;
  std::vector<float> values_;  // [rows, dims]
};

}  // namespace blip::search
