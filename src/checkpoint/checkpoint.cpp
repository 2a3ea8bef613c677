#include "checkpoint/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/flax_file.hpp"
#include "checkpoint/original_names.hpp"
#include "checkpoint/parted_weights.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/shard_index.hpp"
#include "checkpoint/torch_file.hpp"
#include "core/file_ending.hpp"
#include "core/file_mapping.hpp"
#include "core/in_quotes.hpp"
#include "core/lfs_pointer.hpp"
#include "core/open_file.hpp"
#include "hub/file_names.hpp"

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

std::string_view name_of(Container container) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"safetensors", "PyTorch zip",
                                                      "PyTorch legacy", "Flax msgpack"};
  return kNames[static_cast<std::size_t>(container)];
}

struct Checkpoint::Storage {
  std::vector<FileMapping> mappings;
  std::vector<AlignedBytes> copies;  // of tensors that a file does not have in one piece
  std::vector<std::shared_ptr<const Storage>> sources;  // what tensors of others lie in
  std::vector<std::filesystem::path> files;
  std::vector<CheckpointTensor> tensors;  // sorted by name
  std::vector<std::string> left_out;
  Container container = Container::safetensors;
  bool has_original_names = false;

  std::vector<CheckpointTensor> map(const std::filesystem::path& file) {
    mappings.emplace_back(file);
    const std::span<const std::byte> bytes = mappings.back().bytes();
    refuse_lfs_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string());
    const Container found = is_zip(bytes)            ? Container::torch_zip
                            : is_torch_legacy(bytes) ? Container::torch_legacy
                            : is_flax(bytes)         ? Container::flax
                                                     : Container::safetensors;
    if (files.empty()) container = found;
    files.push_back(file);
    std::vector<CheckpointTensor> held = parse(found, bytes, file.string());
    std::sort(held.begin(), held.end(), by_name);
    return held;
  }

  std::vector<CheckpointTensor> parse(Container format, std::span<const std::byte> bytes,
                                      const std::string& name) {
    if (format == Container::safetensors) return parse_safetensors(bytes, name);
    TorchFile file = format == Container::torch_zip ? parse_torch_zip(bytes, name)
                     : format == Container::flax    ? parse_flax(bytes, name)
                                                    : parse_torch_legacy(bytes, name);
    std::move(file.copies.begin(), file.copies.end(), std::back_inserter(copies));
    return std::move(file.tensors);
  }

  void map_shards(const std::filesystem::path& index) {
    for (const Shard& shard : read_shard_index(index)) {
      std::vector<CheckpointTensor> held = map(index.parent_path() / shard.file);
      require_listed(shard, held, files.back());
      std::move(held.begin(), held.end(), std::back_inserter(tensors));
    }
    merge_shards();
  }

  // Every part's tensors, with the part's prefix before their names.
  void map_parts(std::span<const PartFile> parts) {
    for (const PartFile& part : parts) {
      std::vector<CheckpointTensor> held = map(part.file);
      for (CheckpointTensor& tensor : held) tensor.name.insert(0, part.prefix);
      std::move(held.begin(), held.end(), std::back_inserter(tensors));
    }
    std::sort(tensors.begin(), tensors.end(), by_name);
  }

  // Of a name that several shards hold, the last file's tensor counts, whatever the index says: as
  // transformers, which reads the shards one over the other in the order of their names.
  void merge_shards() {
    std::stable_sort(tensors.begin(), tensors.end(), by_name);
    const auto kept = std::unique(tensors.rbegin(), tensors.rend(), same_name);
    tensors.erase(tensors.begin(), kept.base());
  }

  // Original names to transformers'. But for matrices that lie transposed, no tensor is touched.
  void rename(TrainingTensors training_tensors) {
    const OriginalNames* names = names_in_use();
    has_original_names = names != nullptr;
    if (!has_original_names) return;
    const auto unused =
        std::stable_partition(tensors.begin(), tensors.end(), [&](const CheckpointTensor& tensor) {
          return training_tensors == TrainingTensors::kept || !names->is_training_only(tensor.name);
        });
    for (auto tensor = unused; tensor != tensors.end(); ++tensor) left_out.push_back(tensor->name);
    tensors.erase(unused, tensors.end());
    for (CheckpointTensor& tensor : tensors) tensor.name = names->translated(tensor.name);
    if (names->is_transposed != nullptr) {
      for (CheckpointTensor& tensor : tensors) {
        if (names->is_transposed(tensor.name)) transpose(tensor);
      }
    }
    if (names->parts != nullptr) cut(names->parts);
    std::sort(tensors.begin(), tensors.end(), by_name);
    const auto repeated = std::adjacent_find(tensors.begin(), tensors.end(), same_name);
    if (repeated != tensors.end()) {
      throw Error(ErrorCode::malformed, files.front().string() + ": has tensor " +
                                            in_quotes(repeated->name) +
                                            " by both its original and its later name");
    }
  }

  void transpose(CheckpointTensor& tensor) {
    if (tensor.shape.size() != 2) refuse_shape(tensor, "is no matrix");
    const auto rows = static_cast<std::size_t>(tensor.shape[0]);
    const auto columns = static_cast<std::size_t>(tensor.shape[1]);
    const std::size_t size = size_of(tensor.dtype);
    std::byte* const out = copies.emplace_back(allocate_aligned(tensor.bytes.size())).get();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        std::memcpy(out + (column * rows + row) * size,
                    tensor.bytes.data() + (row * columns + column) * size, size);
      }
    }
    tensor.bytes = {out, tensor.bytes.size()};
    std::swap(tensor.shape[0], tensor.shape[1]);
  }

  void cut(std::vector<std::string> (*parts_of)(std::string_view)) {
    std::vector<CheckpointTensor> pieces;
    for (CheckpointTensor& tensor : tensors) {
      const std::vector<std::string> parts = parts_of(tensor.name);
      if (parts.empty()) {
        pieces.push_back(std::move(tensor));
        continue;
      }
      const auto count = std::ssize(parts);
      if (tensor.shape.empty() || tensor.shape[0] % count != 0) {
        refuse_shape(tensor, "cannot be cut into " + std::to_string(count) + " parts");
      }
      const std::size_t bytes = tensor.bytes.size() / parts.size();
      CheckpointTensor piece = tensor;
      piece.shape[0] /= count;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        piece.name = parts[i];
        piece.bytes = tensor.bytes.subspan(i * bytes, bytes);
        pieces.push_back(piece);
      }
    }
    tensors = std::move(pieces);
  }

  [[noreturn]] void refuse_shape(const CheckpointTensor& tensor, const std::string& problem) const {
    throw Error(ErrorCode::malformed,
                files.front().string() + ": tensor " + in_quotes(tensor.name) + " " + problem);
  }

  // Null: the tensors have transformers' names, or names that nobody knows.
  [[nodiscard]] const OriginalNames* names_in_use() const {
    for (const OriginalNames* names : original_names()) {
      const bool some = std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
        return names->is_original(tensor.name);
      });
      if (some) return names;
    }
    return nullptr;
  }

  static bool by_name(const CheckpointTensor& left, const CheckpointTensor& right) {
    return left.name < right.name;
  }
  static bool same_name(const CheckpointTensor& left, const CheckpointTensor& right) {
    return left.name == right.name;
  }
};

namespace {

constexpr std::string_view kIndexEnding = ".index.json";

bool is_index(const std::filesystem::path& path) {
  return path.native().ends_with(kIndexEnding);
}

// The index beside `file` that lists it: a shard alone is no model.
std::optional<std::filesystem::path> index_listing(const std::filesystem::path& file) {
  for (const WeightsFile& weights : kWeightsFiles) {
    std::filesystem::path index = file.parent_path() / weights.name;
    if (!weights.is_index || !is_plain_file(index)) continue;
    try {
      const std::vector<Shard> shards = read_shard_index(index);
      const bool is_listed = std::any_of(shards.begin(), shards.end(), [&](const Shard& shard) {
        return shard.file == file.filename();
      });
      if (is_listed) return index;
    } catch (const Error&) {
      // Broken, so it lists nothing: the file is read by itself.
    }
  }
  return std::nullopt;
}

// What of a model is opened: its file, or the index of its shards.
std::filesystem::path weights_of(const std::filesystem::path& model) {
  std::error_code ignored;
  if (is_plain_file(model) ||
      (is_checkpoint_name(model) && !std::filesystem::is_directory(model, ignored))) {
    return index_listing(model).value_or(model);
  }
  if (auto file = find_weights(model)) return *file;
  throw Error(
      ErrorCode::not_found,
      model.string() + (file_exists(model) ? ": has no weights: neither model.safetensors nor "
                                             "pytorch_model.bin, nor an index of either"
                                           : ": no such model directory"));
}

}  // namespace

bool is_checkpoint_name(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 5> kEndings = {"safetensors", "bin", "pth", "pt",
                                                        "msgpack"};
  const std::string ending = file_ending(path);
  return is_index(path) || std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::optional<std::filesystem::path> find_weights(const std::filesystem::path& directory) {
  for (const WeightsFile& weights : kWeightsFiles) {
    std::filesystem::path file = directory / weights.name;
    if (file_exists(file)) return file;
  }
  return find_first_part(directory);
}

Checkpoint::Checkpoint(std::shared_ptr<const Storage> storage) : storage_(std::move(storage)) {}

Checkpoint Checkpoint::open(const std::filesystem::path& model, TrainingTensors training_tensors) {
  const auto storage = std::make_shared<Storage>();
  try {
    const std::filesystem::path file = weights_of(model);
    if (is_index(file)) {
      storage->map_shards(file);
    } else if (const std::vector<PartFile> parts = parts_beside(file); !parts.empty()) {
      storage->map_parts(parts);
    } else {
      storage->tensors = storage->map(file);
    }
    storage->rename(training_tensors);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded, model.string() + ": not enough memory to read it");
  }
  return Checkpoint(storage);
}

Checkpoint Checkpoint::with(std::vector<CheckpointTensor> changed, std::vector<AlignedBytes> owned,
                            const Checkpoint& other) const {
  const auto storage = std::make_shared<Storage>();
  storage->sources = {storage_, other.storage_};
  storage->copies = std::move(owned);
  storage->files = storage_->files;
  storage->left_out = storage_->left_out;
  storage->container = storage_->container;
  storage->has_original_names = storage_->has_original_names;
  storage->tensors = std::move(changed);
  std::sort(storage->tensors.begin(), storage->tensors.end(), Storage::by_name);
  const auto own = static_cast<std::ptrdiff_t>(storage->tensors.size());
  storage->tensors.reserve(storage->tensors.size() + storage_->tensors.size());
  for (const CheckpointTensor& tensor : storage_->tensors) {
    const auto end = storage->tensors.begin() + own;
    if (!std::binary_search(storage->tensors.begin(), end, tensor, Storage::by_name)) {
      storage->tensors.push_back(tensor);
    }
  }
  std::sort(storage->tensors.begin(), storage->tensors.end(), Storage::by_name);
  return Checkpoint(storage);
}

Container Checkpoint::container() const noexcept {
  return storage_->container;
}

bool Checkpoint::has_original_names() const noexcept {
  return storage_->has_original_names;
}

const std::vector<std::string>& Checkpoint::left_out() const& noexcept {
  return storage_->left_out;
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

void Checkpoint::release(std::span<const std::byte> bytes) const noexcept {
  for (const FileMapping& mapping : storage_->mappings) mapping.release(bytes);
  for (const auto& source : storage_->sources) Checkpoint(source).release(bytes);
}

std::string source_of(const Checkpoint& checkpoint) {
  const auto& files = checkpoint.files();
  if (files.empty()) return "checkpoint";
  return (files.size() == 1 ? files.front() : files.front().parent_path()).string();
}

}  // namespace blip
