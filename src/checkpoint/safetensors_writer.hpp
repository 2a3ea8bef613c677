// The safetensors format, written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace blip {

/// A tensor that a file shall have; its bytes come later.
struct SafetensorsPlace {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
};

/// The length and the header of a file whose tensors' bytes follow in the order of `tensors`,
/// padded so that they begin at a multiple of 8, as the crate does it. Says that it is PyTorch's
/// ("format": "pt"), without which transformers refuses the file. Names must be UTF-8.
std::string safetensors_header(std::span<const SafetensorsPlace> tensors);

/// The order that keeps every tensor aligned to its elements: widest number type first, then by
/// name, as the crate has it.
void sort_for_alignment(std::vector<SafetensorsPlace>& tensors);

}  // namespace blip
