#include "core/memory_headroom.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace blip {

// Asks the kernel itself: ThreadSanitizer marks all bytes of what the C library maps, used or not.
bool has_headroom(std::size_t bytes) noexcept {
  const long place = ::syscall(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
  if (place == -1) return false;
  ::syscall(SYS_munmap, place, bytes);
  return true;
}

void require_headroom(std::size_t bytes) {
  if (!has_headroom(bytes)) throw std::bad_alloc();
}

}  // namespace blip
