#include "checkpoint/torch_names.hpp"

#include <algorithm>
#include <array>

namespace blip {
namespace {

// Python 2 calls its builtins module by the other name, and protocol 2 writes it so.
constexpr auto kGlobals = std::to_array<TorchGlobal>({
    {"collections", "OrderedDict", TorchRole::ordered_dict, {}},
    {"torch._utils", "_rebuild_tensor", TorchRole::rebuild_tensor, {}},  // before 0.4
    {"torch._utils", "_rebuild_tensor_v2", TorchRole::rebuild_tensor_v2, {}},
    {"torch._utils", "_rebuild_parameter", TorchRole::rebuild_parameter, {}},
    {"torch._utils", "_rebuild_parameter_with_state", TorchRole::rebuild_parameter, {}},
    {"torch", "Size", TorchRole::container, {}},
    {"builtins", "set", TorchRole::container, {}},
    {"__builtin__", "set", TorchRole::container, {}},
    {"torch", "device", TorchRole::opaque, {}},
    {"_codecs", "encode", TorchRole::opaque, {}},  // bytes, in protocols before 3
    // Typed lists and the like of TorchScript.
    {"torch.jit._pickle", "build_intlist", TorchRole::opaque, {}},
    {"torch.jit._pickle", "build_tensorlist", TorchRole::opaque, {}},
    {"torch.jit._pickle", "build_doublelist", TorchRole::opaque, {}},
    {"torch.jit._pickle", "build_boollist", TorchRole::opaque, {}},
    {"torch.jit._pickle", "restore_type_tag", TorchRole::opaque, {}},
    {"torch", "DoubleStorage", TorchRole::storage_type, DType::f64},
    {"torch", "FloatStorage", TorchRole::storage_type, DType::f32},
    {"torch", "HalfStorage", TorchRole::storage_type, DType::f16},
    {"torch", "BFloat16Storage", TorchRole::storage_type, DType::bf16},
    {"torch", "LongStorage", TorchRole::storage_type, DType::i64},
    {"torch", "IntStorage", TorchRole::storage_type, DType::i32},
    {"torch", "ShortStorage", TorchRole::storage_type, DType::i16},
    {"torch", "CharStorage", TorchRole::storage_type, DType::i8},
    {"torch", "ByteStorage", TorchRole::storage_type, DType::u8},
    {"torch", "BoolStorage", TorchRole::storage_type, DType::boolean},
    {"torch", "ComplexDoubleStorage", TorchRole::storage_type, {}},
    {"torch", "ComplexFloatStorage", TorchRole::storage_type, {}},
    {"torch", "QInt8Storage", TorchRole::storage_type, {}},
    {"torch", "QUInt8Storage", TorchRole::storage_type, {}},
    {"torch", "QInt32Storage", TorchRole::storage_type, {}},
    // Of the element types that have no storage type of their own, none of which is read here, and
    // of bare storages, which a state dict does not have. So the message names the type.
    {"torch.storage", "UntypedStorage", TorchRole::storage_type, {}},
    {"torch.storage", "TypedStorage", TorchRole::storage_type, {}},
    {"torch", "UntypedStorage", TorchRole::storage_type, {}},
    {"torch", "float64", TorchRole::number_type, {}},
    {"torch", "float32", TorchRole::number_type, {}},
    {"torch", "float16", TorchRole::number_type, {}},
    {"torch", "bfloat16", TorchRole::number_type, {}},
    {"torch", "int64", TorchRole::number_type, {}},
    {"torch", "int32", TorchRole::number_type, {}},
    {"torch", "int16", TorchRole::number_type, {}},
    {"torch", "int8", TorchRole::number_type, {}},
    {"torch", "uint8", TorchRole::number_type, {}},
    {"torch", "bool", TorchRole::number_type, {}},
});

}  // namespace

std::optional<std::uint32_t> find_torch_global(std::string_view module, std::string_view name) {
  const auto* const found = std::find_if(
      kGlobals.begin(), kGlobals.end(),
      [&](const TorchGlobal& known) { return known.module == module && known.name == name; });
  if (found == kGlobals.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - kGlobals.begin());
}

const TorchGlobal& torch_global(std::uint32_t number) {
  return kGlobals[number];
}

}  // namespace blip
