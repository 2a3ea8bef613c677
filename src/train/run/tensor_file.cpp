#include "train/run/tensor_file.hpp"

#include <torch/torch.h>

#include <array>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "core/durable_file.hpp"
#include "core/file_mapping.hpp"
#include "core/in_quotes.hpp"
#include "core/replacement_file.hpp"

namespace blip::train {
namespace {

struct ElementType {
  DType stored;
  torch::ScalarType here;
};
constexpr std::array<ElementType, 10> kElementTypes = {{{DType::f64, torch::kFloat64},
                                                        {DType::f32, torch::kFloat32},
                                                        {DType::f16, torch::kFloat16},
                                                        {DType::bf16, torch::kBFloat16},
                                                        {DType::i64, torch::kInt64},
                                                        {DType::i32, torch::kInt32},
                                                        {DType::i16, torch::kInt16},
                                                        {DType::i8, torch::kInt8},
                                                        {DType::u8, torch::kUInt8},
                                                        {DType::boolean, torch::kBool}}};

DType stored_type(const std::string& name, const torch::Tensor& tensor) {
  for (const ElementType& type : kElementTypes) {
    if (type.here == tensor.scalar_type()) return type.stored;
  }
  throw Error(ErrorCode::unsupported, "tensor " + in_quotes(name) + ": elements of type " +
                                          std::string(torch::toString(tensor.scalar_type())) +
                                          " cannot be saved");
}

torch::ScalarType type_here(DType stored) {
  for (const ElementType& type : kElementTypes) {
    if (type.stored == stored) return type.here;
  }
  throw Error(ErrorCode::unsupported, "element type not known to the training program");
}

void write_tensors(DurableFile& file, const NamedTensors& tensors) {
  std::vector<SafetensorsPlace> places;
  std::map<std::string_view, torch::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) {
    if (!by_name.emplace(name, tensor).second) {
      throw Error(ErrorCode::invalid_argument, "two tensors have the name " + in_quotes(name));
    }
    places.push_back({name, stored_type(name, tensor), tensor.sizes().vec()});
  }
  sort_for_alignment(places);
  file.write(safetensors_header(places));
  for (const SafetensorsPlace& place : places) {
    const torch::Tensor bytes = by_name.at(place.name).detach().to(torch::kCPU).contiguous();
    file.write({static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()});
  }
}

}  // namespace

void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors) {
  DurableFile file(path);
  write_tensors(file, tensors);
  file.close();
}

void replace_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors) {
  replace_file(path, [&](DurableFile& file) { write_tensors(file, tensors); });
}

torch::Tensor to_torch(const CheckpointTensor& tensor) {
  torch::Tensor copy = torch::empty(tensor.shape, type_here(tensor.dtype));
  // Not from_blob: the bytes need not be aligned, and may be in a mapping that ends.
  if (!tensor.bytes.empty()) {
    std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  }
  return copy;
}

NamedTensors read_tensor_file(const std::filesystem::path& path) {
  const FileMapping mapping(path);
  NamedTensors tensors;
  for (const CheckpointTensor& stored : parse_safetensors(mapping.bytes(), path.string())) {
    tensors.emplace_back(stored.name, to_torch(stored));
    mapping.release(stored.bytes);
  }
  return tensors;
}

}  // namespace blip::train
