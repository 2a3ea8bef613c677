// CoarseLists: vectors divided among the nearest of some centroids, so that a search may look at
// the most promising lists alone. An inverted file (IVF), as FAISS calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/thread_pool.hpp"
#include "search/vector_codes.hpp"

namespace blip::search {

class CoarseLists {
 public:
  /// By k-means of `sample`: [rows, dims], rows ≥ lists ≥ 1. The same for the same sample, whatever
  /// the number of threads.
  CoarseLists(std::span<const float> sample, std::size_t dims, std::size_t lists,
              ThreadPool& threads);

  [[nodiscard]] std::size_t size() const noexcept { return half_squares_.size(); }
  /// [lists, dims]: the mean of each list
  [[nodiscard]] std::span<const float> centroids() const noexcept { return centroids_; }

  /// vectors: [rows, dims] → the list of each, the one whose centroid is nearest: [rows]. Centroids
  /// are rounded to 8 bits for this.
  void assign(std::span<const float> vectors, std::span<std::uint32_t> lists,
              ThreadPool& threads) const;

 private:
  void encode_centroids();

  std::size_t dims_;
  std::vector<float> centroids_;
  std::vector<float> half_squares_;  // half the squared length of each
  std::vector<std::int8_t> codes_;   // [lists, code_size(dims)]
  std::vector<CodeScale> scales_;
};

}  // namespace blip::search
