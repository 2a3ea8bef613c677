// TorchObjects: the storages and tensors that a pickle of torch.save describes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/pickle_machine.hpp"

namespace blip {

/// Memory that tensors share. A pickle only names it; the container has the bytes.
struct TorchStorage {
  std::string_view key;  ///< the container's name for it
  DType dtype = DType::f32;
  std::int64_t elements = 0;
  std::span<const std::byte> bytes;  ///< elements * size_of(dtype), once they are found
  bool found = false;
};

/// A view of a storage; counted in elements.
struct TorchTensor {
  std::uint32_t storage = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// What an archive is: a state dict of torch.save, or a TorchScript program, whose code is never
/// read but whose modules hold tensors.
enum class TorchArchive { state_dict, script };

/// Knows the names that torch.save writes for a state dict, and refuses every other. Of a script it
/// takes the classes in "__torch__" for what has attributes and nothing else. Every tensor
/// it has lies within its storage; whether the storage is in the file is the container's to check.
class TorchObjects {
 public:
  /// `file` stands for the file in messages.
  explicit TorchObjects(std::string file, TorchArchive archive = TorchArchive::state_dict);
  ~TorchObjects() = default;
  TorchObjects(const TorchObjects&) = delete;  // its hooks point to it
  TorchObjects& operator=(const TorchObjects&) = delete;

  /// Runs one pickle. What it returns refers to heap() and to the tensors here.
  PickleValue run(ByteReader& reader) { return run_pickle(reader, heap_, hooks_); }

  [[nodiscard]] const PickleHeap& heap() const noexcept { return heap_; }
  [[nodiscard]] std::span<TorchStorage> storages() noexcept { return storages_; }
  [[nodiscard]] std::span<const TorchStorage> storages() const noexcept { return storages_; }
  [[nodiscard]] TorchStorage* find_storage(std::string_view key);
  /// Null if the value is no tensor.
  [[nodiscard]] const TorchTensor* tensor(const PickleValue& value) const;
  /// The attributes of a script's module; null if the value is none.
  [[nodiscard]] const PickleHeap::Entries* attributes(const PickleValue& value) const;
  /// Bytes of a storage that are part of another ("views" of the legacy container).
  struct StorageView {
    std::uint32_t view;
    std::uint32_t root;
    std::int64_t offset;  ///< in elements
  };
  [[nodiscard]] std::span<const StorageView> views() const noexcept { return views_; }

 private:
  PickleValue global(std::string_view module, std::string_view name) const;
  PickleValue call(const PickleValue& callable, PickleTuple arguments);
  PickleValue persistent(const PickleValue& id);
  PickleValue make_module(const PickleValue& callable);
  void build_module(PickleObject object, const PickleValue& state);

  PickleValue ordered_dict(const PickleHeap::Items& arguments);
  PickleValue rebuild_tensor(const PickleHeap::Items& arguments);
  std::uint32_t add_storage(std::string_view key, DType dtype, std::int64_t elements);
  std::uint32_t view_of(std::uint32_t root, PickleTuple view);
  [[nodiscard]] std::vector<std::int64_t> sizes(const PickleValue& value) const;
  void require_inside(const TorchTensor& tensor) const;
  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const;

  std::string file_;
  TorchArchive archive_;
  PickleHeap heap_;
  PickleHooks hooks_;
  std::vector<TorchStorage> storages_;
  std::unordered_map<std::string_view, std::uint32_t> storage_by_key_;
  std::vector<StorageView> views_;
  std::vector<TorchTensor> tensors_;
  std::vector<PickleDict> modules_;
  std::size_t copied_entries_ = 0;  // by ordered_dict
};

/// product(shape), or -1 where that is beyond int64.
std::int64_t element_count(std::span<const std::int64_t> shape) noexcept;

}  // namespace blip
