// shape_text: a tensor's shape, for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace blip {

/// "[2, 768]"
inline std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

}  // namespace blip
