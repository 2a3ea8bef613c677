// Memory aligned to a cache line, which is also the widest vector (AVX-512).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace blip {

constexpr std::size_t kMemoryAlignment = 64;

struct AlignedDelete {
  void operator()(std::byte* memory) const noexcept {
    ::operator delete (memory, std::align_val_t{kMemoryAlignment});
  }
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedDelete>;

/// Uninitialised.
inline AlignedBytes allocate_aligned(std::size_t bytes) {
  return AlignedBytes(
      static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kMemoryAlignment})));
}

inline bool is_aligned(const void* data, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

}  // namespace blip
