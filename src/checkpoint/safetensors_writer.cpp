#include "checkpoint/safetensors_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace blip {

std::string safetensors_header(std::span<const SafetensorsPlace> tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"]["format"] = "pt";
  std::uint64_t offset = 0;
  for (const SafetensorsPlace& tensor : tensors) {
    std::uint64_t size = size_of(tensor.dtype);
    for (const std::int64_t dimension : tensor.shape) size *= static_cast<std::uint64_t>(dimension);
    header[tensor.name] = {{"dtype", name_of(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  constexpr std::size_t kAlignment = 8;
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>((text.size() >> (8 * i)) & 0xFFU);
  return bytes + text;
}

void sort_for_alignment(std::vector<SafetensorsPlace>& tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const SafetensorsPlace& left, const SafetensorsPlace& right) {
              const std::size_t left_size = size_of(left.dtype);
              const std::size_t right_size = size_of(right.dtype);
              return left_size != right_size ? left_size > right_size : left.name < right.name;
            });
}

}  // namespace blip
