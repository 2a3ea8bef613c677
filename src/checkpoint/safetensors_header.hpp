// The JSON header of a safetensors file, as it stands there: nothing is checked against the data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::array<std::uint64_t, 2> data_offsets{};  // [begin, end) after the header
};

/// Entries in the header's order. `file` stands for the file in error messages. Throws malformed
/// for anything but an object of {dtype, shape, data_offsets} objects and an optional
/// `__metadata__` of strings, and for a repeated name.
std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                       const std::string& file);

}  // namespace blip
