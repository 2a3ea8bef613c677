// BytesReader: numbers and pieces out of a file that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "blip/error.hpp"

namespace blip::metadata {

enum class ByteOrder { big, little };

/// Every function throws malformed, "its parts do not add up", where the file ends before.
class BytesReader {
 public:
  BytesReader(std::string_view bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  [[nodiscard]] std::string_view piece(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) {
      throw Error(ErrorCode::malformed, "its parts do not add up");
    }
    return bytes_.substr(at, size);
  }
  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    const std::string_view digits = piece(at, size);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t next = order_ == ByteOrder::big ? i : size - 1 - i;
      value = value << 8U | static_cast<unsigned char>(digits[next]);
    }
    return value;
  }
  [[nodiscard]] std::uint16_t u16(std::size_t at) const {
    return static_cast<std::uint16_t>(number(at, 2));
  }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const { return number(at, 4); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

 private:
  std::string_view bytes_;
  ByteOrder order_;
};

}  // namespace blip::metadata
