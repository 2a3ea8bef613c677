// The first directory of a TIFF file: its tags, as Pillow reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace blip::image {

/// Nothing of a damaged directory is an error: what cannot be read is not there.
class TiffDirectory {
 public:
  explicit TiffDirectory(std::span<const std::byte> bytes);

  [[nodiscard]] bool is_big_endian() const noexcept { return is_big_endian_; }
  /// The whole numbers of a tag; empty if it is missing or of another type.
  [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint16_t tag) const;
  /// The first of them.
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint16_t tag) const;
  [[nodiscard]] std::uint64_t number_or(std::uint16_t tag, std::uint64_t otherwise) const;
  /// The bytes of a tag; empty if it is missing.
  [[nodiscard]] std::string_view text(std::uint16_t tag) const;

 private:
  struct Field {
    std::size_t value_bytes;
    std::span<const std::byte> bytes;
  };

  /// `count` bytes as a number in the file's own order; nothing beyond its end.
  [[nodiscard]] std::optional<std::uint64_t> number_at(std::uint64_t at, std::uint64_t count) const;
  void read();

  std::span<const std::byte> bytes_;
  bool is_big_endian_ = false;
  std::map<std::uint64_t, Field> fields_;
};

}  // namespace blip::image
