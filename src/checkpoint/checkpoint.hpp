// Checkpoint: the tensors of a model directory by name, read in place from mapped files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Immutable; copies share the mapped files.
class Checkpoint {
 public:
  /// Opens model.safetensors, or every shard of model.safetensors.index.json; or `model` itself if
  /// its name ends in ".safetensors".
  /// Throws not_found, unreadable, malformed, unsupported (PyTorch's pickles, element types without
  /// use here) or limit_exceeded, naming the file and the cause.
  static Checkpoint open(const std::filesystem::path& model);

  /// Null when there is none.
  [[nodiscard]] const CheckpointTensor* find(std::string_view name) const& noexcept;
  /// Sorted by name.
  [[nodiscard]] std::span<const CheckpointTensor> tensors() const& noexcept;
  /// The files that were read, for messages.
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const& noexcept;
  // Not of a temporary: all of these point into it, and it would be unmapped by then.
  const CheckpointTensor* find(std::string_view name) const&& = delete;
  std::span<const CheckpointTensor> tensors() const&& = delete;
  const std::vector<std::filesystem::path>& files() const&& = delete;

 private:
  struct Storage;
  explicit Checkpoint(std::shared_ptr<const Storage> storage);
  std::shared_ptr<const Storage> storage_;
};

}  // namespace blip
