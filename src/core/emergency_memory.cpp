#include "core/emergency_memory.hpp"

#include <new>

namespace blip {

namespace {

// Before each piece: operator delete is often not told how large what it frees is.
struct alignas(std::max_align_t) PieceHeader {
  std::size_t bytes;  // with the header
};

}  // namespace

EmergencyMemory::EmergencyMemory(std::span<std::byte> storage)
    : storage_(storage.data(), storage.size(), std::pmr::null_memory_resource()),
      // Pieces of one size come in runs, which stay with that size: short ones leave room for
      // others.
      pieces_({.max_blocks_per_chunk = 16,
               .largest_required_pool_block = kLargestPiece + sizeof(PieceHeader)},
              &storage_) {}

void* EmergencyMemory::allocate(std::size_t bytes) noexcept {
  if (bytes > kLargestPiece) return nullptr;
  const std::size_t with_header = sizeof(PieceHeader) + bytes;
  const std::lock_guard lock(mutex_);
  try {
    void* const place = pieces_.allocate(with_header, alignof(PieceHeader));
    return ::new (place) PieceHeader{with_header} + 1;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void EmergencyMemory::deallocate(void* piece) noexcept {
  PieceHeader* const header = static_cast<PieceHeader*>(piece) - 1;
  const std::lock_guard lock(mutex_);
  pieces_.deallocate(header, header->bytes, alignof(PieceHeader));
}

}  // namespace blip
