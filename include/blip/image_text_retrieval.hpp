// BlipForImageTextRetrieval: says how well texts and images fit each other.
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
#include "blip/grad_cam.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/text_style.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// How an image and a text fit.
struct ImageTextMatch {
  float itm_logit = 0.0F;        ///< of the class "match", as retrieval adds it to the cosine
  float itm_probability = 0.0F;  ///< softmax over the two classes
  float itc = 0.0F;              ///< cosine of the two embeddings, -1 … 1
};

/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
///
/// Texts are token ids, [CLS] … [SEP], unpadded, of any lengths. A row does not depend on others.
/// (Padding to 35 tokens with a mask, as the original code does, gives the same numbers.)
class BLIP_API BlipForImageTextRetrieval {
 public:
  /// `model` is a model directory, a checkpoint file, a hub id or the name of a bundled model.
  /// Throws missing_tensor or shape_mismatch naming the tensor, or whatever reading the files
  /// throws.
  static BlipForImageTextRetrieval from_pretrained(const std::filesystem::path& model,
                                                   const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// Embeddings of unit length (ITC): → [images, D], D = image_text_hidden_size.
  [[nodiscard]] Tensor get_image_features(std::span<const EncodedImage> images,
                                          Context& context) const;
  /// Embeddings of unit length (ITC): → [texts, D]. The style only truncates: without an image both
  /// keep [CLS].
  [[nodiscard]] Tensor get_text_features(std::span<const std::vector<TokenId>> texts,
                                         TextStyle style, Context& context) const;

  /// Logits of the image-text matching head, class 1 = match: → [pairs, 2]. Images and texts pair
  /// up; a single image goes with all texts, a single text with all images.
  [[nodiscard]] Tensor itm_logits(std::span<const EncodedImage> images,
                                  std::span<const std::vector<TokenId>> texts, TextStyle style,
                                  Context& context) const;

  /// Both measures of every pair, paired as in itm_logits.
  [[nodiscard]] std::vector<ImageTextMatch> match(std::span<const EncodedImage> images,
                                                  std::span<const std::vector<TokenId>> texts,
                                                  TextStyle style, Context& context) const;

  /// Where the model looked for each word of the text: F is the logit of the class "match". The
  /// tokens are those of the text but for its first and last, [CLS] or [ENC] and [SEP]. The mean
  /// map is that of LAVIS' compute_gradcam.
  [[nodiscard]] GradCam grad_cam(const EncodedImage& image, const std::vector<TokenId>& text,
                                 TextStyle style, const GradCamOptions& options,
                                 Context& context) const;

  [[nodiscard]] const BlipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit BlipForImageTextRetrieval(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
