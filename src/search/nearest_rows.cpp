#include "search/nearest_rows.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "search/inner_product.hpp"

namespace blip::search {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Rows of a task: their products stay in the cache, and handing a task out costs nothing beside it.
constexpr std::size_t kScannedTogether = 4096;
// Exact products of a task.
constexpr std::size_t kRankedTogether = 64;

struct RowRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A row whose product is from `lower` to `upper`.
struct Bounded {
  std::size_t row = 0;
  float lower = 0.0F;
  float upper = 0.0F;
};

// The largest value of which it is sure that `count` products reach it.
float reached_by(std::vector<Bounded>& rows, std::size_t count) {
  if (rows.size() < count) return -kInfinity;
  const auto last = rows.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(rows.begin(), last, rows.end(),
                   [](const Bounded& a, const Bounded& b) { return a.lower > b.lower; });
  return last->lower;
}

std::vector<RowRange> ranges_of(const VectorFile& file, std::span<const float> query,
                                std::size_t count, std::size_t lists) {
  const auto begins = file.list_begins();
  std::vector<RowRange> ranges;
  const auto add = [&ranges](std::size_t begin, std::size_t end) {
    for (; begin < end; begin += kScannedTogether) {
      ranges.push_back({begin, std::min(end, begin + kScannedTogether)});
    }
  };
  if (lists == 0 || lists >= file.lists()) {
    add(0, file.rows());
    return ranges;
  }
  std::vector<float> promise(file.lists());
  for (std::size_t list = 0; list < promise.size(); ++list) {
    const float product =
        inner_product(file.centroids().data() + list * file.dims(), query.data(), file.dims());
    promise[list] = std::isfinite(product) ? product : -kInfinity;
  }
  std::vector<std::size_t> order(promise.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return promise[a] != promise[b] ? promise[a] > promise[b] : a < b;
  });
  std::size_t rows = 0;
  for (std::size_t i = 0; i < order.size() && (i < lists || rows < count); ++i) {
    add(begins[order[i]], begins[order[i] + 1]);
    rows += begins[order[i] + 1] - begins[order[i]];
  }
  return ranges;
}

// What a thread has found so far.
struct Collected {
  std::vector<Bounded> rows;
  std::size_t room = 0;  // rows until those that cannot be among the best are left out again
  std::vector<std::int32_t> products;
};

}  // namespace

bool is_nearer(const Near& a, const Near& b) noexcept {
  return a.product != b.product ? a.product > b.product : a.picture < b.picture;
}

void keep_nearest(std::vector<Near>& found, std::size_t count) {
  std::erase_if(found, [](const Near& near) { return !std::isfinite(near.product); });
  if (found.size() > count + kMostTies) {
    std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count + kMostTies),
                     found.end(), is_nearer);
    found.resize(count + kMostTies);
  }
  std::sort(found.begin(), found.end(), is_nearer);
  if (found.size() <= count || count == 0) {
    found.resize(std::min(found.size(), count));
    return;
  }
  const std::size_t most = std::min(found.size(), count + kMostTies);
  std::size_t end = count;
  while (end < most && found[end].product == found[count - 1].product) ++end;
  found.resize(end);
}

std::vector<Near> nearest_rows(const VectorFile& file, std::span<const float> query,
                               std::size_t count, std::size_t lists, const Admits& admits,
                               ThreadPool& threads) {
  if (count == 0) return {};
  const CodedQuery coded(query);
  const std::vector<RowRange> ranges = ranges_of(file, query, count, lists);
  const auto scales = file.scales();
  const auto pictures = file.pictures();
  const float longest = file.header().longest;
  const std::size_t row_bytes = code_size(file.dims());
  // Of all threads: no row whose upper bound is below can be among the best.
  std::atomic<float> least = -kInfinity;
  const auto raise = [&least](float value) {
    float present = least.load(std::memory_order_relaxed);
    while (value > present && !least.compare_exchange_weak(present, value)) {
    }
  };
  const std::size_t least_room = 4 * count + kScannedTogether;
  std::vector<Collected> collected(static_cast<std::size_t>(threads.num_threads()));
  threads.parallel_for(ranges.size(), [&](std::size_t task, int thread) {
    const RowRange range = ranges[task];
    Collected& mine = collected[static_cast<std::size_t>(thread)];
    mine.products.resize(kScannedTogether);
    coded.products(file.codes() + range.begin * row_bytes, range.end - range.begin,
                   mine.products.data());
    float threshold = least.load(std::memory_order_relaxed);
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const float value = coded.value_of(mine.products[row - range.begin], scales[row]);
      const float bound = coded.bound_of(scales[row], longest);
      if (!(value + bound >= threshold)) continue;
      if (admits && !admits(pictures[row])) continue;
      mine.rows.push_back({.row = row,
                           .lower = std::isfinite(bound) ? value - bound : -kInfinity,
                           .upper = value + bound});
      if (mine.rows.size() < std::max(mine.room, least_room)) continue;
      raise(reached_by(mine.rows, count));
      threshold = least.load(std::memory_order_relaxed);
      std::erase_if(mine.rows, [&](const Bounded& each) { return each.upper < threshold; });
      mine.room = 2 * mine.rows.size();  // else, where bounds tell nothing, at every row
    }
  });
  std::vector<Bounded> rows;
  for (const Collected& each : collected) {
    rows.insert(rows.end(), each.rows.begin(), each.rows.end());
  }
  const float threshold = std::max(least.load(), reached_by(rows, count));
  std::erase_if(rows, [&](const Bounded& each) { return each.upper < threshold; });
  std::vector<Near> found(rows.size());
  threads.parallel_for(
      (rows.size() + kRankedTogether - 1) / kRankedTogether, [&](std::size_t task, int) {
        const std::size_t end = std::min(rows.size(), (task + 1) * kRankedTogether);
        for (std::size_t i = task * kRankedTogether; i < end; ++i) {
          const std::size_t row = rows[i].row;
          found[i] = {.picture = pictures[row],
                      .product = inner_product(file.vector(row).data(), query.data(), file.dims())};
        }
      });
  keep_nearest(found, count);
  return found;
}

}  // namespace blip::search
