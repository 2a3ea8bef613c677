// What a decoder's self-attention reads: keys and values of every token fed so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned_memory.hpp"

namespace blip {

/// Keys and values of a token are a cell. Sequences are lists of cells, so beams share the cells of
/// what they have in common and reordering beams moves no keys. Cells that no sequence has any more
/// are found by keep_only and used again.
class SelfAttentionCache {
 public:
  SelfAttentionCache(std::int64_t layers, std::int64_t hidden) : layers_(layers), hidden_(hidden) {}

  /// The number of an empty cell. Takes memory if there is none.
  std::int64_t add_cell();
  /// Whether add_cell will take memory.
  [[nodiscard]] bool is_full() const noexcept { return free_.empty(); }

  /// Numbers of cells are below this.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return pages_.size() * static_cast<std::size_t>(kCellsPerPage);
  }
  /// Empties the cells that are not used. used: [capacity()]. Of pages without a used cell it keeps
  /// as many as there are others, at least one, and gives back the rest.
  void keep_only(std::span<const bool> used);
  /// Of all pages.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  /// [H]
  [[nodiscard]] float* key(std::int64_t layer, std::int64_t cell) const noexcept {
    return row(2 * layer, cell);
  }
  [[nodiscard]] float* value(std::int64_t layer, std::int64_t cell) const noexcept {
    return row(2 * layer + 1, cell);
  }

 private:
  // A caption of 20 tokens in 3 beams fills one page.
  static constexpr std::int64_t kCellsPerPage = 64;

  // page: [layers, 2, kCellsPerPage, H]
  [[nodiscard]] float* row(std::int64_t plane, std::int64_t cell) const noexcept {
    auto* page =
        reinterpret_cast<float*>(pages_[static_cast<std::size_t>(cell / kCellsPerPage)].get());
    return page + (plane * kCellsPerPage + cell % kCellsPerPage) * hidden_;
  }

  [[nodiscard]] std::size_t page_bytes() const noexcept;
  void add_page();
  void add_free_cells(std::size_t page, std::span<const bool> used);

  std::int64_t layers_;
  std::int64_t hidden_;
  std::vector<AlignedBytes> pages_;  // null where a page was given back
  std::vector<std::int64_t> free_;   // the next one last
};

}  // namespace blip
