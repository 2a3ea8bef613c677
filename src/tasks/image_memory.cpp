#include "tasks/image_memory.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "tasks/pixel_values.hpp"

namespace blip {
EncodedImage::EncodedImage(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

const Tensor& EncodedImage::last_hidden_state() const noexcept {
  return memory_->last_hidden_state;
}

EncodedImage image_of_features(Tensor last_hidden_state, PatchEmbedding::Grid grid) {
  const auto memory = std::make_shared<EncodedImage::Memory>();
  memory->last_hidden_state = std::move(last_hidden_state);
  memory->grid = grid;
  return EncodedImage(memory);
}

std::size_t bytes_of(const EncodedImage& image) {
  EncodedImage::Memory& memory = image.memory();
  std::size_t bytes = sizeof(memory) + memory.last_hidden_state.data.size() * sizeof(float);
  const std::lock_guard lock(memory.mutex);
  for (const auto& reading : memory.readings) bytes += reading.cache->bytes();
  return bytes;
}

void forget_readings(const EncodedImage& image) {
  EncodedImage::Memory& memory = image.memory();
  std::vector<EncodedImage::Memory::Reading> readings;  // freed without the lock
  const std::lock_guard lock(memory.mutex);
  readings.swap(memory.readings);
}

PatchEmbedding::Grid patch_grid(const EncodedImage& image) {
  const PatchEmbedding::Grid known = image.memory().grid;
  const std::int64_t patches = image.last_hidden_state().shape.front() - 1;
  if (known.patches() == patches && patches > 0) return known;
  const auto side = std::llround(std::sqrt(static_cast<double>(patches)));
  if (patches > 0 && side * side == patches) return {side, side};
  throw Error(ErrorCode::invalid_argument,
              std::to_string(patches) + " patches of an image do not make a square");
}

std::vector<EncodedImage> encode_images(const VisionModel& vision, TensorView pixel_values,
                                        Context& context) {
  const PixelSizes batch = sizes_of_pixels(pixel_values);
  const std::int64_t tokens = vision.token_count(batch.height, batch.width);
  const std::int64_t hidden = vision.hidden_size();
  const std::int64_t size = tokens * hidden;
  const Scratch::Frame frame(context.scratch());
  auto* states = context.scratch().allocate<float>(static_cast<std::size_t>(batch.count * size));
  vision.encode(pixel_values.data.data(), batch.count, batch.height, batch.width, states, context);

  std::vector<EncodedImage> images;
  for (std::int64_t i = 0; i < batch.count; ++i) {
    const float* first = states + i * size;
    images.push_back(image_of_features({{tokens, hidden}, {first, first + size}},
                                       vision.grid(batch.height, batch.width)));
  }
  return images;
}

void require_width(std::span<const EncodedImage> images, std::int64_t width) {
  for (const EncodedImage& image : images) {
    const auto& shape = image.last_hidden_state().shape;
    if (shape.size() == 2 && shape[0] > 0 && shape[1] == width) continue;
    throw Error(ErrorCode::invalid_argument,
                "an image was encoded by another model: its features are not " +
                    std::to_string(width) + " wide");
  }
}

std::vector<std::shared_ptr<const CrossAttentionCache>> read_images(
    std::span<const EncodedImage> images, std::int64_t width, const void* reader,
    const std::shared_ptr<const void>& owner, const Read& read) {
  require_width(images, width);
  std::vector<std::shared_ptr<const CrossAttentionCache>> caches;
  caches.reserve(images.size());
  for (const EncodedImage& image : images) {
    EncodedImage::Memory& memory = image.memory();
    // Held while reading: whoever needs the same at the same time waits instead of doing it twice.
    const std::lock_guard lock(memory.mutex);
    const auto known = std::find_if(
        memory.readings.begin(), memory.readings.end(),
        [&](const EncodedImage::Memory::Reading& reading) { return reading.reader == reader; });
    if (known != memory.readings.end()) {
      caches.push_back(known->cache);
      continue;
    }
    caches.push_back(std::make_shared<const CrossAttentionCache>(read(memory.last_hidden_state)));
    memory.readings.push_back({owner, reader, caches.back()});
  }
  return caches;
}

std::vector<std::shared_ptr<const CrossAttentionCache>> read_images(
    std::span<const EncodedImage> images, const TextModel& text_model,
    const std::shared_ptr<const void>& owner, Context& context) {
  return read_images(
      images, text_model.config.encoder_hidden_size, &text_model, owner, [&](const Tensor& states) {
        return std::move(
            text_model.attend_to(states.data.data(), std::span(states.shape.data(), 1), context)
                .front());
      });
}

}  // namespace blip
