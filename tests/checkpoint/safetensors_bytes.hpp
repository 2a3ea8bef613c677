// Safetensors files written by hand, good and bad.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace blip {

/// Length, header, then `data`; the length can be made to lie.
inline std::string safetensors_bytes(std::string_view header, std::string_view data,
                                     std::uint64_t claimed_length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>((claimed_length >> (8 * i)) & 0xFFU);
  bytes += header;
  bytes += data;
  return bytes;
}

inline std::string safetensors_bytes(std::string_view header, std::string_view data = {}) {
  return safetensors_bytes(header, data, header.size());
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// One float32 tensor of one element per name, all in one file: values 0, 1, 2, …
inline std::string one_value_tensors(std::span<const std::string> names, float first = 0.0F) {
  std::string header = "{";
  std::string data;
  for (const std::string& name : names) {
    if (header.size() > 1) header += ',';
    header += '"' + name + R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" +
              std::to_string(data.size()) + ',' + std::to_string(data.size() + 4) + "]}";
    char value[4];
    std::memcpy(value, &first, sizeof value);
    data.append(value, sizeof value);
    first += 1.0F;
  }
  return safetensors_bytes(header + '}', data);
}

}  // namespace blip
