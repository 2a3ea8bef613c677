#include "core/memory_headroom.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace blip {

namespace {

// Asks the kernel itself: ThreadSanitizer marks all bytes of what the C library maps, used or not.
bool can_map(std::size_t bytes, int protection, int flags) noexcept {
  const long place =
      ::syscall(SYS_mmap, nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0L);
  if (place == -1) return false;
  ::syscall(SYS_munmap, place, bytes);
  return true;
}

}  // namespace

bool has_headroom(std::size_t bytes) noexcept {
  return can_map(bytes, PROT_READ | PROT_WRITE, 0);
}

bool has_addresses(std::size_t bytes) noexcept {
  return can_map(bytes, PROT_READ, MAP_NORESERVE);
}

void require_headroom(std::size_t bytes) {
  if (!has_headroom(bytes)) throw std::bad_alloc();
}

}  // namespace blip
