// operator new and operator delete of the program `blip`: small pieces can be had even when the
// system has no memory left.
//
// Destructors must not throw, and some allocate: nlohmann::json takes an array or an object apart
// by a list of its values. Where that list cannot be had, the process ends, and with it the
// requests of everybody else. With these operators only what is large fails when memory runs out,
// which is where `blip serve` refuses a request. A library must not replace them for the program
// that it is part of, so they belong to the program; the sanitizers bring their own.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

#include "core/emergency_memory.hpp"

namespace {

// Enough for what hundreds of requests let go of at once. The system provides its pages when they
// are first used, which is never on a machine that has memory.
alignas(std::max_align_t) constinit std::array<std::byte, std::size_t{8} << 20> storage{};

// Never destroyed: what is in it may be freed after everything else has been.
blip::EmergencyMemory& emergency_memory() {
  alignas(blip::EmergencyMemory) static std::array<std::byte, sizeof(blip::EmergencyMemory)> place;
  static blip::EmergencyMemory& memory = *::new (place.data()) blip::EmergencyMemory(storage);
  return memory;
}

bool is_in_storage(const void* piece) noexcept {
  // The order of std::less holds for pointers into different objects, too.
  const std::less_equal<const void*> is_not_after;
  return is_not_after(storage.data(), piece) &&
         !is_not_after(storage.data() + storage.size(), piece);
}

}  // namespace

void* operator new(std::size_t bytes) {
  for (;;) {
    if (void* const piece = std::malloc(bytes == 0 ? 1 : bytes)) return piece;
    if (void* const piece = emergency_memory().allocate(bytes)) return piece;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* piece) noexcept {
  if (is_in_storage(piece)) {
    emergency_memory().deallocate(piece);
  } else {
    std::free(piece);
  }
}

void operator delete(void* piece, std::size_t /*bytes*/) noexcept {
  ::operator delete(piece);
}
