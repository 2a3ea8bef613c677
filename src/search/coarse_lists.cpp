#include "search/coarse_lists.hpp"

#include <algorithm>
#include <limits>

#include "search/inner_product.hpp"

namespace blip::search {
namespace {

// After so many rounds of k-means the lists hardly change any more.
constexpr int kRounds = 10;
// Vectors that a thread assigns at once.
constexpr std::size_t kAssignedTogether = 256;

}  // namespace

CoarseLists::CoarseLists(std::span<const float> sample, std::size_t dims, std::size_t lists,
                         ThreadPool& threads)
    : dims_(dims),
      centroids_(lists * dims),
      half_squares_(lists),
      codes_(lists * code_size(dims)),
      scales_(lists) {
  const std::size_t rows = sample.size() / dims;
  for (std::size_t list = 0; list < lists; ++list) {
    const auto row = sample.subspan(list * rows / lists * dims, dims);
    std::copy(row.begin(), row.end(),
              centroids_.begin() + static_cast<std::ptrdiff_t>(list * dims));
  }
  encode_centroids();
  std::vector<std::uint32_t> list_of(rows);
  for (int round = 0; round < kRounds; ++round) {
    assign(sample, list_of, threads);
    std::vector<double> sums(lists * dims);
    std::vector<std::size_t> counts(lists);
    for (std::size_t row = 0; row < rows; ++row) {
      ++counts[list_of[row]];
      double* sum = sums.data() + list_of[row] * dims;
      for (std::size_t i = 0; i < dims; ++i) sum[i] += sample[row * dims + i];
    }
    for (std::size_t list = 0; list < lists; ++list) {
      // One that nothing is near to moves to a row from anywhere else.
      const std::size_t other = (list * 7919 + static_cast<std::size_t>(round)) % rows;
      for (std::size_t i = 0; i < dims; ++i) {
        centroids_[list * dims + i] =
            counts[list] > 0
                ? static_cast<float>(sums[list * dims + i] / static_cast<double>(counts[list]))
                : sample[other * dims + i];
      }
    }
    encode_centroids();
  }
}

void CoarseLists::encode_centroids() {
  for (std::size_t list = 0; list < size(); ++list) {
    const float* centroid = centroids_.data() + list * dims_;
    half_squares_[list] = inner_product(centroid, centroid, dims_) / 2;
    scales_[list] = encode_vector(
        {centroid, dims_}, std::span(codes_).subspan(list * code_size(dims_), code_size(dims_)));
  }
}

void CoarseLists::assign(std::span<const float> vectors, std::span<std::uint32_t> lists,
                         ThreadPool& threads) const {
  const std::size_t tasks = (lists.size() + kAssignedTogether - 1) / kAssignedTogether;
  threads.parallel_for(tasks, [&](std::size_t task, int) {
    std::vector<std::int32_t> products(size());
    const std::size_t end = std::min(lists.size(), (task + 1) * kAssignedTogether);
    for (std::size_t row = task * kAssignedTogether; row < end; ++row) {
      const CodedQuery query(vectors.subspan(row * dims_, dims_));
      query.products(codes_.data(), size(), products.data());
      // |v - c|² = |v|² - 2 (v·c - |c|² / 2)
      float best = -std::numeric_limits<float>::infinity();
      for (std::size_t list = 0; list < size(); ++list) {
        const float nearness = query.value_of(products[list], scales_[list]) - half_squares_[list];
        if (nearness > best) {
          best = nearness;
          lists[row] = static_cast<std::uint32_t>(list);
        }
      }
    }
  });
}

}  // namespace blip::search
