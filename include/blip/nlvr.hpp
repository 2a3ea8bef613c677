// BlipForNLVR: whether a statement about two images is true (NLVR2).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// Only Salesforce's own checkpoints have this architecture (`blip_nlvr`); transformers does not.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
class BLIP_API BlipForNLVR {
 public:
  /// `model` is a model directory or a checkpoint file. Throws missing_tensor or shape_mismatch
  /// naming the tensor, or whatever reading the files throws.
  static BlipForNLVR from_pretrained(const std::filesystem::path& model,
                                     const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// One statement per pair of images, as token ids [CLS] … [SEP] ([CLS] becomes [ENC], as in the
  /// original): → [pairs, 2], class 1 = true.
  [[nodiscard]] Tensor logits(std::span<const EncodedImage> left,
                              std::span<const EncodedImage> right,
                              std::span<const std::vector<TokenId>> statements,
                              Context& context) const;

  [[nodiscard]] const BlipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit BlipForNLVR(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
