// The rows of a VectorFile that have the largest inner products with a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/thread_pool.hpp"
#include "search/vector_file.hpp"

namespace blip::search {

/// A picture and the inner product of its vector with the query.
struct Near {
  std::int64_t picture = 0;
  float product = 0.0F;
};

/// By product, the largest first; of equals, the picture with the smaller number.
[[nodiscard]] bool is_nearer(const Near& a, const Near& b) noexcept;

/// Of equals to the last one, so many more are kept: copies of a photo have one vector.
inline constexpr std::size_t kMostTies = 1000;

/// Sorts, and leaves the `count` nearest, and at most kMostTies that are as near as the last.
void keep_nearest(std::vector<Near>& found, std::size_t count);

/// Pictures that may be found; empty: all.
using Admits = std::function<bool(std::int64_t picture)>;

/// The `count` nearest, as keep_nearest leaves them. Products are inner_product's, and nothing that
/// is nearer is missed among the rows that are looked at: codes only tell which rows cannot be
/// among the best, since a product with a code has a bound. All rows are looked at if `lists` is 0,
/// else those of the `lists` most promising lists. query: [dims], finite
std::vector<Near> nearest_rows(const VectorFile& file, std::span<const float> query,
                               std::size_t count, std::size_t lists, const Admits& admits,
                               ThreadPool& threads);

}  // namespace blip::search
