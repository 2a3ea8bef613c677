// The names of Python that a file of torch.save may refer to, and what each stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "checkpoint/checkpoint.hpp"

namespace blip {

enum class TorchRole {
  ordered_dict,
  rebuild_tensor,
  rebuild_tensor_v2,
  rebuild_parameter,
  container,     // its one argument is all there is to it
  opaque,        // makes a value that nothing here looks at
  storage_type,  // of elements
  number_type,   // in a training checkpoint's settings
};

struct TorchGlobal {
  std::string_view module;
  std::string_view name;
  TorchRole role;
  std::optional<DType> dtype;  ///< of storage types; none: PyTorch has it, this library does not
};

/// The number of a known name.
std::optional<std::uint32_t> find_torch_global(std::string_view module, std::string_view name);
const TorchGlobal& torch_global(std::uint32_t number);

}  // namespace blip
