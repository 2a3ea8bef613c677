#include "search/vector_rows.hpp"

#include <algorithm>

#include "search/inner_product.hpp"

namespace blip::search {
namespace {

// A task's rows: enough that handing it out costs nothing beside it.
constexpr std::size_t kRowsPerTask = 4096;

}  // namespace

void VectorRows::reserve(std::size_t rows) {
  pictures_.reserve(rows);
  values_.reserve(rows * dims_);
}

void VectorRows::add(std::int64_t picture, std::span<const float> vector) {
  values_.insert(values_.end(), vector.begin(), vector.end());
  pictures_.push_back(picture);
}

std::vector<float> VectorRows::products(std::span<const float> query, ThreadPool& threads) const {
  std::vector<float> products(size());
  const std::size_t tasks = (size() + kRowsPerTask - 1) / kRowsPerTask;
  threads.parallel_for(tasks, [&](std::size_t task, int) {
    const std::size_t end = std::min(size(), (task + 1) * kRowsPerTask);
    for (std::size_t i = task * kRowsPerTask; i < end; ++i) {
      products[i] = inner_product(values_.data() + i * dims_, query.data(), dims_);
    }
  });
  return products;
}

}  // namespace blip::search
