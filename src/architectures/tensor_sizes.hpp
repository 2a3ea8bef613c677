// TensorSizes: the sizes of a model that comes without a configuration, told from its tensors.
#pragma once

#include <cstdint>
#include <string>

#include "architectures/config_limits.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

class TensorSizes {
 public:
  /// `model` is what messages call it: "CLIP".
  TensorSizes(const Checkpoint& checkpoint, std::string model)
      : checkpoint_(checkpoint), model_(std::move(model)), file_(source_of(checkpoint)) {}

  /// Throws "FILE: PROBLEM".
  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, file_ + ": " + problem);
  }

  [[nodiscard]] bool has(const std::string& name) const {
    return checkpoint_.find(name) != nullptr;
  }

  /// Size `dimension` of tensor `name`, which must have `rank` dimensions. Throws unsupported
  /// without the tensor, malformed for another rank or a size beyond the limit.
  [[nodiscard]] int size(const std::string& name, std::size_t rank, std::size_t dimension,
                         std::int64_t limit = kWidths.max) const;

  /// How many layers have the tensor `prefix` N `name`, from 0 on without a gap. Throws malformed
  /// for none.
  [[nodiscard]] int layers(const std::string& prefix, const std::string& name) const;

  /// The square that `rows` are. Throws malformed if they are none, or make a picture beyond the
  /// limit of patches of that size.
  [[nodiscard]] int grid(int rows, int patch_size) const;

  /// width / of_one. Throws unsupported where that leaves a rest.
  [[nodiscard]] int heads(int width, int of_one) const;

 private:
  const Checkpoint& checkpoint_;
  std::string model_;
  std::string file_;
};

/// Numbers to a head of an image tower that no file tells of: 64, but 72, 80, 88, 104 and 112 at
/// widths of 1152, 1280, 1408, 1664 and 1792, as in open_clip's and timm's so400m, H, g, bigG and
/// e.
[[nodiscard]] int usual_head_width(int width);

}  // namespace blip
