// Checkpoint: the tensors of a model by name, read in place from mapped files of any format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/aligned_memory.hpp"

namespace blip {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Bytes per element.
[[nodiscard]] std::size_t size_of(DType dtype) noexcept;
/// "F32", "BF16", … as safetensors writes it.
[[nodiscard]] std::string_view name_of(DType dtype) noexcept;

struct CheckpointTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  /// Row-major elements, little endian, exactly product(shape) * size_of(dtype) bytes. Not
  /// necessarily aligned to the element size. Alive as long as the Checkpoint (or a copy) is.
  std::span<const std::byte> bytes;

  [[nodiscard]] std::int64_t element_count() const noexcept;
};

/// The format of a file. Its content decides, not its name.
enum class Container { safetensors, torch_zip, torch_legacy, flax };
/// "safetensors", "PyTorch zip", "PyTorch legacy", "Flax msgpack".
[[nodiscard]] std::string_view name_of(Container container) noexcept;

/// What an original checkpoint has for training alone: momentum copies, queues, the temperature.
enum class TrainingTensors { left_out, kept };

/// Immutable; copies share the mapped files.
class Checkpoint {
 public:
  /// Of a directory, the first of kWeightsFiles (hub/file_names.hpp) that is there, of an index
  /// every shard; of a shard, all of those that the index beside it lists; of another file, the
  /// file. Names of an original implementation (BLIP's
  /// "visual_encoder…") become transformers' (original_names.hpp), and what inference never looks
  /// at is left out unless `training_tensors` keeps it. Throws not_found, unreadable, malformed,
  /// unsupported (element types without use here, pickles of more than plain data and tensors) or
  /// limit_exceeded, naming the file and the cause.
  static Checkpoint open(const std::filesystem::path& model,
                         TrainingTensors training_tensors = TrainingTensors::left_out);

  /// This one, with `changed` in place of its tensors of these names, or beside them. Their bytes
  /// are this checkpoint's, those of `other` or those of `owned`, which the result keeps alive.
  [[nodiscard]] Checkpoint with(std::vector<CheckpointTensor> changed,
                                std::vector<AlignedBytes> owned, const Checkpoint& other) const;

  /// Of the first file.
  [[nodiscard]] Container container() const noexcept;
  /// The file has the original implementation's names, so its tensors were renamed.
  [[nodiscard]] bool has_original_names() const noexcept;

  /// Null when there is none.
  [[nodiscard]] const CheckpointTensor* find(std::string_view name) const& noexcept;
  /// Sorted by name.
  [[nodiscard]] std::span<const CheckpointTensor> tensors() const& noexcept;
  /// The files that were read, for messages.
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const& noexcept;
  /// Names in the file of what was left out of an original checkpoint: momentum copies, queues, the
  /// temperature of training. Sorted.
  [[nodiscard]] const std::vector<std::string>& left_out() const& noexcept;
  /// Gives back the memory that reading `bytes` of a tensor took, if they lie in a mapped file: for
  /// who has copied them. They can be read again, from the page cache or the disk.
  void release(std::span<const std::byte> bytes) const noexcept;
  // Not of a temporary: all of these point into it, and it would be unmapped by then.
  const CheckpointTensor* find(std::string_view name) const&& = delete;
  std::span<const CheckpointTensor> tensors() const&& = delete;
  const std::vector<std::filesystem::path>& files() const&& = delete;
  const std::vector<std::string>& left_out() const&& = delete;

 private:
  struct Storage;
  explicit Checkpoint(std::shared_ptr<const Storage> storage);
  std::shared_ptr<const Storage> storage_;
};

/// What messages name: the file, or of several the directory, since which shard should have held a
/// missing tensor nobody knows.
std::string source_of(const Checkpoint& checkpoint);

/// Whether a file is named as checkpoints are: .safetensors, .bin, .pth or .pt, or .index.json for
/// one of shards. Other names are taken for those of directories where they are not there.
bool is_checkpoint_name(const std::filesystem::path& path);

/// The file or index that Checkpoint::open reads of a directory; none if it has no weights.
std::optional<std::filesystem::path> find_weights(const std::filesystem::path& directory);

}  // namespace blip
