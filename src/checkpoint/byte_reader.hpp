// ByteReader: numbers and runs of bytes out of memory that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "blip/error.hpp"

namespace blip {

/// Goes through `bytes` from front to back and never beyond: whatever would reach further throws
/// malformed, naming `where`.
class ByteReader {
 public:
  /// `where` stands for the bytes in messages: a file, or a part of one.
  ByteReader(std::span<const std::byte> bytes, std::string where);

  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - position_; }

  std::span<const std::byte> take(std::uint64_t count);
  std::string_view take_text(std::uint64_t count);
  /// Up to the next line feed, which is taken too but not returned.
  std::string_view take_line();
  /// Little endian.
  template <typename Unsigned>
  Unsigned number() {
    Unsigned value = 0;
    const std::span<const std::byte> bytes = take(sizeof value);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<Unsigned>(value | (std::to_integer<Unsigned>(bytes[i]) << (8 * i)));
    }
    return value;
  }

  /// Throws "WHERE: PROBLEM".
  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const;

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  std::string where_;
};

}  // namespace blip
