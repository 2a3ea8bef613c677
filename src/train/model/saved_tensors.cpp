#include "train/model/saved_tensors.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {
namespace {

constexpr std::array<std::pair<DType, torch::ScalarType>, 10> kTypes = {
    {{DType::f64, torch::kFloat64},
     {DType::f32, torch::kFloat32},
     {DType::f16, torch::kFloat16},
     {DType::bf16, torch::kBFloat16},
     {DType::i64, torch::kInt64},
     {DType::i32, torch::kInt32},
     {DType::i16, torch::kInt16},
     {DType::i8, torch::kInt8},
     {DType::u8, torch::kUInt8},
     {DType::boolean, torch::kBool}}};

DType dtype_of(const std::string& name, const torch::Tensor& tensor) {
  for (const auto& [stored, here] : kTypes) {
    if (here == tensor.scalar_type()) return stored;
  }
  throw Error(ErrorCode::unsupported, "tensor " + in_quotes(name) + " cannot be saved as " +
                                          std::string(torch::toString(tensor.scalar_type())));
}

// A file under another name beside its own until it is whole.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(std::filesystem::path target)
      : target_(std::move(target)), path_(target_.string() + ".unfinished") {
    stream_.open(path_, std::ios::binary | std::ios::trunc);
    if (!stream_) fail();
  }
  ~UnfinishedFile() {
    std::error_code ignored;
    if (!finished_) std::filesystem::remove(path_, ignored);
  }
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  void write(const char* bytes, std::size_t count) {
    if (!stream_.write(bytes, static_cast<std::streamsize>(count))) fail();
  }
  void finish() {
    stream_.close();
    if (!stream_) fail();
    if (std::rename(path_.c_str(), target_.c_str()) != 0) fail();
    finished_ = true;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::unreadable, target_.string() + ": cannot be written: " +
                                           std::generic_category().message(errno));
  }

  std::filesystem::path target_;
  std::filesystem::path path_;
  std::ofstream stream_;
  bool finished_ = false;
};

}  // namespace

torch::Tensor to_torch(const CheckpointTensor& tensor) {
  const auto* type = kTypes.begin();
  while (type->first != tensor.dtype) ++type;
  torch::Tensor copy = torch::empty(torch::IntArrayRef(tensor.shape), type->second);
  if (!tensor.bytes.empty()) {
    std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  }
  return copy;
}

void save_tensors(const NamedTensors& tensors, const std::filesystem::path& file) {
  std::vector<SafetensorsPlace> places;
  std::unordered_map<std::string, torch::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) {
    places.push_back({name, dtype_of(name, tensor), tensor.sizes().vec()});
    by_name.emplace(name, tensor);
  }
  sort_for_alignment(places);
  UnfinishedFile out(file);
  const std::string header = safetensors_header(places);
  out.write(header.data(), header.size());
  for (const SafetensorsPlace& place : places) {
    const torch::Tensor tensor = by_name.at(place.name).detach().to(torch::kCPU).contiguous();
    out.write(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  }
  out.finish();
}

void save_text(const std::string& text, const std::filesystem::path& file) {
  UnfinishedFile out(file);
  out.write(text.data(), text.size());
  out.finish();
}

}  // namespace blip::train
