// A state dict as torch.save wrote it, in either of its containers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/torch_objects.hpp"
#include "core/aligned_memory.hpp"

namespace blip {

struct TorchFile {
  /// `bytes` point into the file, or into `copies` where the file has the elements in another
  /// order.
  std::vector<CheckpointTensor> tensors;
  std::vector<AlignedBytes> copies;
};

/// Since PyTorch 1.6: a zip archive with the pickle, and each storage as an entry.
/// Both throw malformed, unsupported or limit_exceeded; `name` stands for the file in messages.
TorchFile parse_torch_zip(std::span<const std::byte> file, const std::string& name);
/// Before: a sequence of pickles, then the storages one behind the other.
TorchFile parse_torch_legacy(std::span<const std::byte> file, const std::string& name);

/// By their first bytes.
bool is_zip(std::span<const std::byte> file) noexcept;
bool is_torch_legacy(std::span<const std::byte> file) noexcept;

/// The tensors of the state dict in `root`: `root` itself, or what it has under "model" or
/// "state_dict", as training scripts save it beside the optimizer's state. Of a TorchScript program
/// the tensors of its modules, by the path of attributes that leads to them. Whatever is no tensor
/// is passed over. Called once the storages have their bytes; `file_bytes` is the file's size,
/// which limits how much may be copied.
TorchFile collect_state_dict(const TorchObjects& objects, const PickleValue& root,
                             std::size_t file_bytes, const std::string& name);

}  // namespace blip
