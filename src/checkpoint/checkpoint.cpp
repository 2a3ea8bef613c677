#include "checkpoint/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/file_mapping.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/shard_index.hpp"
#include "core/open_file.hpp"

namespace blip {

std::size_t size_of(DType dtype) noexcept {
  constexpr std::array<std::size_t, 10> kSizes = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1};
  return kSizes[static_cast<std::size_t>(dtype)];
}

std::string_view name_of(DType dtype) noexcept {
  constexpr std::array<std::string_view, 10> kNames = {"F64", "F32", "F16", "BF16", "I64",
                                                       "I32", "I16", "I8",  "U8",   "BOOL"};
  return kNames[static_cast<std::size_t>(dtype)];
}

std::int64_t CheckpointTensor::element_count() const noexcept {
  return static_cast<std::int64_t>(bytes.size() / size_of(dtype));
}

struct Checkpoint::Storage {
  std::vector<FileMapping> mappings;
  std::vector<std::filesystem::path> files;
  std::vector<CheckpointTensor> tensors;  // sorted by name

  std::vector<CheckpointTensor> map(const std::filesystem::path& file) {
    mappings.emplace_back(file);
    files.push_back(file);
    std::vector<CheckpointTensor> held = parse_safetensors(mappings.back().bytes(), file.string());
    std::sort(held.begin(), held.end(), by_name);
    return held;
  }

  // Of a name that several shards hold, the last file's tensor counts, whatever the index says: as
  // transformers, which reads the shards one over the other in the order of their names.
  void merge_shards() {
    std::stable_sort(tensors.begin(), tensors.end(), by_name);
    const auto kept = std::unique(tensors.rbegin(), tensors.rend(),
                                  [](const CheckpointTensor& left, const CheckpointTensor& right) {
                                    return left.name == right.name;
                                  });
    tensors.erase(tensors.begin(), kept.base());
  }

  static bool by_name(const CheckpointTensor& left, const CheckpointTensor& right) {
    return left.name < right.name;
  }
};

namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

[[noreturn]] void throw_no_weights(const std::filesystem::path& directory) {
  if (!file_exists(directory)) {
    throw Error(ErrorCode::not_found, directory.string() + ": no such model directory");
  }
  for (const char* pickle : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (file_exists(directory / pickle)) {
      throw Error(ErrorCode::unsupported,
                  (directory / pickle).string() +
                      ": PyTorch's pickle format is not supported; save the model as safetensors");
    }
  }
  throw Error(ErrorCode::not_found,
              directory.string() + ": neither " + kSingleFile + " nor " + kIndexFile + " is there");
}

}  // namespace

Checkpoint::Checkpoint(std::shared_ptr<const Storage> storage) : storage_(std::move(storage)) {}

Checkpoint Checkpoint::open(const std::filesystem::path& model) {
  const auto storage = std::make_shared<Storage>();
  if (model.extension() == ".safetensors") {
    storage->tensors = storage->map(model);
  } else if (const auto file = model / kSingleFile; file_exists(file)) {
    storage->tensors = storage->map(file);
  } else if (const auto index = model / kIndexFile; file_exists(index)) {
    for (const Shard& shard : read_shard_index(index)) {
      std::vector<CheckpointTensor> tensors = storage->map(model / shard.file);
      require_listed(shard, tensors, storage->files.back());
      std::move(tensors.begin(), tensors.end(), std::back_inserter(storage->tensors));
    }
    storage->merge_shards();
  } else {
    throw_no_weights(model);
  }
  return Checkpoint(storage);
}

const CheckpointTensor* Checkpoint::find(std::string_view name) const& noexcept {
  const auto& tensors = storage_->tensors;
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const CheckpointTensor& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

std::span<const CheckpointTensor> Checkpoint::tensors() const& noexcept {
  return storage_->tensors;
}

const std::vector<std::filesystem::path>& Checkpoint::files() const& noexcept {
  return storage_->files;
}

}  // namespace blip
