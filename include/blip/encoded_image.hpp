// EncodedImage: an image as the vision encoder left it, made once and used by any number of calls.
#pragma once

#include <memory>

#include "blip/tensor.hpp"

namespace blip {

/// Made by a model's `encode_images`. A cheap handle: copies share what they refer to, and any
/// number of threads may use it at once. It also keeps what a text model reads of the image (keys
/// and values of its cross-attention), from the first call that needs them on, so that a hundred
/// texts against one image pay for the image once.
///
/// Usable with any model whose vision encoder is the same as that of the model which made it (the
/// classes of one checkpoint); only the width is checked.
class EncodedImage {
 public:
  /// The image features: last_hidden_state [N, E].
  [[nodiscard]] const Tensor& last_hidden_state() const noexcept;

  // For the library's own rooms: src/tasks/image_memory.hpp.
  struct Memory;
  explicit EncodedImage(std::shared_ptr<Memory> memory);
  [[nodiscard]] Memory& memory() const noexcept { return *memory_; }

 private:
  std::shared_ptr<Memory> memory_;
};

}  // namespace blip
