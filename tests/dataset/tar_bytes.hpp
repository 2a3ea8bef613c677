// Tar archives made in memory, byte by byte, also ones that no writer would write.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dataset/byte_source.hpp"

namespace blip::dataset {

struct TarFields {
  std::string name;
  std::string content;
  char type = '0';
  std::string prefix{};
  std::string magic = std::string(
      "ustar\0"
      "00",
      8);
  std::string size_field{};  ///< instead of the content's size
};

inline std::string tar_member(const TarFields& fields) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t offset, const std::string& text) {
    std::memcpy(block.data() + offset, text.data(), text.size());
  };
  char size[13];
  std::snprintf(size, sizeof size, "%011zo", fields.content.size());
  put(0, fields.name);
  put(100, "0000644");
  put(124, fields.size_field.empty() ? size : fields.size_field);
  put(136, "00000000000");
  put(148, "        ");
  block[156] = fields.type;
  put(257, fields.magic);
  put(345, fields.prefix);
  unsigned sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  char checksum[8];
  std::snprintf(checksum, sizeof checksum, "%06o", sum);
  put(148, std::string(checksum, 7));
  std::string content = fields.content;
  content.resize((content.size() + 511) / 512 * 512, '\0');
  return block + content;
}

inline std::string tar_end() {
  return std::string(1024, '\0');
}

inline std::string tar_of(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes;
  for (const auto& [name, content] : members) bytes += tar_member({name, content});
  return bytes + tar_end();
}

/// A source that owns its bytes.
inline ByteSource memory_source(std::string bytes) {
  const std::size_t size = bytes.size();
  return {"memory", size,
          [bytes = std::move(bytes)](std::uint64_t offset, std::span<std::byte> target) {
            std::memcpy(target.data(), bytes.data() + offset, target.size());
          }};
}

inline std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace blip::dataset
