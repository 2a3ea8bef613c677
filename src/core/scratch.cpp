#include "core/scratch.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <limits>
#include <new>

namespace blip {
namespace {

// What is asked of the system at a time: the size of a large page of x86 and ARM, so that it may
// provide such.
constexpr std::size_t kStep = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() - kStep) throw std::bad_alloc();
  return (bytes + kStep - 1) / kStep * kStep;
}

// No pass can use more than the machine has. Where addresses are rationed, most are left to others.
std::size_t addresses_to_reserve() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  std::size_t bytes = pages > 0 && page > 0
                          ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page)
                          : std::size_t{1} << 32;
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    bytes = std::min<std::size_t>(bytes, limit.rlim_cur / 16);
  }
  return bytes;
}

}  // namespace

Scratch::~Scratch() {
  for (const Range& range : ranges_) ::munmap(range.begin, range.size);
}

std::size_t Scratch::bytes_held() const noexcept {
  std::size_t bytes = 0;
  for (const Range& range : ranges_) bytes += range.held;
  return bytes;
}

void Scratch::grow(std::size_t bytes) {
  if (range_ < ranges_.size() && bytes > ranges_[range_].size - used_) leave_range(bytes);
  if (range_ == ranges_.size()) add_range(bytes);
  Range& range = ranges_[range_];
  const std::size_t held = rounded_up(used_ + bytes);
  if (held <= range.held) return;
  if (::mprotect(range.begin, held, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  range.held = held;
}

// Goes on to the next range that is large enough. Those that are not give way: nothing of them is
// in use, as memory is borrowed in order.
void Scratch::leave_range(std::size_t bytes) noexcept {
  if (used_ > 0) ++range_;
  used_ = 0;
  while (range_ < ranges_.size() && ranges_[range_].size < bytes) {
    ::munmap(ranges_[range_].begin, ranges_[range_].size);
    ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(range_));
  }
}

void Scratch::add_range(std::size_t bytes) {
  ranges_.reserve(ranges_.size() + 1);
  const std::size_t least = rounded_up(bytes);
  std::size_t size = std::max(least, rounded_up(addresses_to_reserve()));
  while (true) {
    // Without access to them, addresses count as nobody's memory under any overcommit policy.
    void* begin =
        ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (begin != MAP_FAILED) {
      ranges_.push_back({.begin = static_cast<std::byte*>(begin), .size = size});
      return;
    }
    if (size == least) throw std::bad_alloc();
    size = std::max(least, rounded_up(size / 4));
  }
}

void Scratch::give_back() noexcept {
  for (Range& range : ranges_) {
    const std::size_t kept = (range.needed + kStep - 1) / kStep * kStep;
    if (kept < range.held) {
      ::madvise(range.begin + kept, range.held - kept, MADV_DONTNEED);
      ::mprotect(range.begin + kept, range.held - kept, PROT_NONE);
      range.held = kept;
    }
    range.needed = 0;
  }
  while (ranges_.size() > 1 && ranges_.back().held == 0) {
    ::munmap(ranges_.back().begin, ranges_.back().size);
    ranges_.pop_back();
  }
  passes_ = 0;
}

}  // namespace blip
