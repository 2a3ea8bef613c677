// EncodedImage: the vision encoder's output for one image, computed once and used by many calls.
#pragma once

#include <memory>

#include "blip/tensor.hpp"

namespace blip {

/// Made by a model's `encode_images`. It is a handle: copies share its memory, and any number of
/// threads may use it at once. From the first call that needs them, it also keeps the keys and
/// values that a text model's cross-attention reads of the image. A hundred texts against one image
/// therefore compute these once.
///
/// It may be used with every model that has the same vision encoder, such as the classes of one
/// checkpoint. Only the width is checked.
class EncodedImage {
 public:
  /// The image features: last_hidden_state [N, E].
  [[nodiscard]] const Tensor& last_hidden_state() const noexcept;

  // For the library's own modules: src/tasks/image_memory.hpp.
  struct Memory;
  explicit EncodedImage(std::shared_ptr<Memory> memory);
  [[nodiscard]] Memory& memory() const noexcept { return *memory_; }

 private:
  std::shared_ptr<Memory> memory_;
};

}  // namespace blip
