// Scratch: memory that a forward pass borrows and gives back in reverse order.
//
// It is one range of addresses, far larger than any pass needs, of which the system provides pages
// as far as a pass has got. So it holds as much as the largest pass needed, whatever the order of
// sizes, and a second image touches no new page.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/aligned_memory.hpp"

namespace blip {

class Scratch {
 public:
  /// Gives back, at the end of its scope, whatever was borrowed since it began.
  class Frame {
   public:
    explicit Frame(Scratch& scratch)
        : scratch_(scratch), range_(scratch.range_), used_(scratch.used_) {}
    ~Frame() {
      scratch_.range_ = range_;
      scratch_.used_ = used_;
      if (range_ == 0 && used_ == 0) scratch_.end_pass();
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Scratch& scratch_;
    std::size_t range_;
    std::size_t used_;
  };

  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// `count` uninitialised elements, aligned to kMemoryAlignment, valid until the innermost Frame
  /// ends.
  template <typename T>
  T* allocate(std::size_t count) {
    return static_cast<T*>(allocate_bytes(count * sizeof(T)));
  }

  /// Memory that the system has provided: what the largest pass needed, rounded up. A pass is what
  /// happens while any Frame lives. What kKeptPasses passes did not need is given back, before as
  /// many more have ended.
  [[nodiscard]] std::size_t bytes_held() const noexcept;

  /// A pass is one image's way through the vision tower or one decoding step. A caption has some
  /// twenty steps, so memory that fifty captions did not need is given back. Asking for it again
  /// costs a few hundredths of the time of the pass that does.
  static constexpr int kKeptPasses = 1000;

 private:
  // Addresses that are reserved; the first `held` bytes may be used. The second and later ones are
  // there only where the process may not reserve many addresses (ulimit -v).
  struct Range {
    std::byte* begin = nullptr;
    std::size_t size = 0;
    std::size_t held = 0;
    std::size_t needed = 0;  // the most in use since the last give_back()
  };

  void* allocate_bytes(std::size_t bytes) {
    bytes = (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
    if (range_ == ranges_.size() || bytes > ranges_[range_].held - used_) grow(bytes);
    Range& range = ranges_[range_];
    void* result = range.begin + used_;
    used_ += bytes;
    range.needed = std::max(range.needed, used_);
    return result;
  }

  void end_pass() {
    if (++passes_ == kKeptPasses) give_back();
  }

  // Makes room for so many bytes from used_ on, or in another range. Throws bad_alloc.
  void grow(std::size_t bytes);
  void leave_range(std::size_t bytes) noexcept;
  void add_range(std::size_t bytes);
  void give_back() noexcept;

  std::vector<Range> ranges_;
  std::size_t range_ = 0;
  std::size_t used_ = 0;  // of that range
  int passes_ = 0;        // since the last give_back()
};

}  // namespace blip
