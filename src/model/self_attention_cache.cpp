#include "model/self_attention_cache.hpp"

#include <algorithm>

namespace blip {

std::size_t SelfAttentionCache::page_bytes() const noexcept {
  return static_cast<std::size_t>(layers_ * 2 * kCellsPerPage * hidden_) * sizeof(float);
}

std::size_t SelfAttentionCache::memory_bytes() const noexcept {
  const auto pages = std::count_if(pages_.begin(), pages_.end(),
                                   [](const AlignedBytes& page) { return page != nullptr; });
  return static_cast<std::size_t>(pages) * page_bytes();
}

std::int64_t SelfAttentionCache::add_cell() {
  if (free_.empty()) add_page();
  const std::int64_t cell = free_.back();
  free_.pop_back();
  return cell;
}

void SelfAttentionCache::add_page() {
  auto place = std::find(pages_.begin(), pages_.end(), nullptr);
  if (place == pages_.end()) place = pages_.emplace(place);
  *place = allocate_aligned(page_bytes());
  add_free_cells(static_cast<std::size_t>(place - pages_.begin()), {});
}

// The unused cells of a page, the first on top. used: [kCellsPerPage], or empty if none is.
void SelfAttentionCache::add_free_cells(std::size_t page, std::span<const bool> used) {
  for (std::int64_t cell = kCellsPerPage - 1; cell >= 0; --cell) {
    if (!used.empty() && used[static_cast<std::size_t>(cell)]) continue;
    free_.push_back(static_cast<std::int64_t>(page) * kCellsPerPage + cell);
  }
}

void SelfAttentionCache::keep_only(std::span<const bool> used) {
  const auto cells_of = [&](std::size_t page) {
    return used.subspan(page * kCellsPerPage, kCellsPerPage);
  };
  const auto is_used = [&](std::size_t page) {
    const auto cells = cells_of(page);
    return std::find(cells.begin(), cells.end(), true) != cells.end();
  };
  std::size_t spare = 0;
  for (std::size_t page = 0; page < pages_.size(); ++page) spare += is_used(page) ? 1 : 0;
  spare = std::max<std::size_t>(spare, 1);

  free_.clear();
  std::vector<std::size_t> kept;
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    if (pages_[page] == nullptr) continue;
    if (is_used(page)) {
      kept.push_back(page);
    } else if (spare > 0) {
      --spare;
      kept.push_back(page);
    } else {
      pages_[page].reset();
    }
  }
  // Those of the first page are used first: the others are sooner without a used one.
  for (auto page = kept.rbegin(); page != kept.rend(); ++page) {
    add_free_cells(*page, cells_of(*page));
  }
}

}  // namespace blip
