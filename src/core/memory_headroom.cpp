#include "core/memory_headroom.hpp"

#include <sys/mman.h>

#include <new>

namespace blip {

bool has_headroom(std::size_t bytes) noexcept {
  void* const place =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return false;
  ::munmap(place, bytes);
  return true;
}

void require_headroom(std::size_t bytes) {
  if (!has_headroom(bytes)) throw std::bad_alloc();
}

}  // namespace blip
