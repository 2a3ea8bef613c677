// What an EncodedImage remembers, and how the models' tasks make and read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/tensor.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/patch_embedding.hpp"
#include "model/text_model.hpp"
#include "model/vision_model.hpp"

namespace blip {

struct EncodedImage::Memory {
  Tensor last_hidden_state;   // [N, E]
  PatchEmbedding::Grid grid;  // of the patches, 0 x 0 if nobody said

  // What each reader (a text model, or one half of NLVR2's cross-attention) has made of this image.
  // `owner` holds the reader's weights, so that another at the same address is never taken for it.
  struct Reading {
    std::shared_ptr<const void> owner;
    const void* reader;
    std::shared_ptr<const CrossAttentionCache> cache;
  };
  std::mutex mutex;
  std::vector<Reading> readings;
};

/// The encoder's states of every image: pixel_values [B, 3, H, W] → B images. Throws
/// invalid_argument if the tensor is not of that shape.
std::vector<EncodedImage> encode_images(const VisionModel& vision, TensorView pixel_values,
                                        Context& context);

/// An image whose features [N, E] were computed elsewhere.
EncodedImage image_of_features(Tensor last_hidden_state, PatchEmbedding::Grid grid = {});

/// The memory that an image takes, with what readers have made of it so far.
std::size_t bytes_of(const EncodedImage& image);

/// Gives back what readers have made of an image; they make it again when they need it. Readers at
/// work keep theirs.
void forget_readings(const EncodedImage& image);

/// How the patches of an image lie in it; of one whose features came without that, as a square.
/// Throws invalid_argument if they make none.
PatchEmbedding::Grid patch_grid(const EncodedImage& image);

/// states [N, E] → keys and values of the cross-attention to them
using Read = std::function<CrossAttentionCache(const Tensor& states)>;

/// What `reader` reads of each image, whose features are `width` wide: remembered, or read now and
/// remembered. Throws invalid_argument for an image of another width.
std::vector<std::shared_ptr<const CrossAttentionCache>> read_images(
    std::span<const EncodedImage> images, std::int64_t width, const void* reader,
    const std::shared_ptr<const void>& owner, const Read& read);

/// The same by a text model.
std::vector<std::shared_ptr<const CrossAttentionCache>> read_images(
    std::span<const EncodedImage> images, const TextModel& text_model,
    const std::shared_ptr<const void>& owner, Context& context);

/// Throws invalid_argument for an image that a vision encoder of another width made.
void require_width(std::span<const EncodedImage> images, std::int64_t width);

}  // namespace blip
