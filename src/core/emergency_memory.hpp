// EmergencyMemory: small pieces of memory for when the system gives none.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <mutex>
#include <span>

namespace blip {

/// Pieces of a storage that was set aside beforehand. Threads may share one.
class EmergencyMemory {
 public:
  /// What is needed to end a request in order is smaller: messages, callbacks, and the list by
  /// which nlohmann::json takes an array apart, 16 bytes for each of its values.
  static constexpr std::size_t kLargestPiece = std::size_t{64} << 10;

  /// The storage has to outlive this.
  explicit EmergencyMemory(std::span<std::byte> storage);

  /// Aligned for any type; nullptr for more than kLargestPiece, and if too little is left.
  [[nodiscard]] void* allocate(std::size_t bytes) noexcept;

  /// `piece` is from allocate() and not nullptr.
  void deallocate(void* piece) noexcept;

 private:
  std::mutex mutex_;
  std::pmr::monotonic_buffer_resource storage_;
  std::pmr::unsynchronized_pool_resource pieces_;
};

}  // namespace blip
