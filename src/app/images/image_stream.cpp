#include "app/images/image_stream.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>
#include <vector>

namespace blip::app {
namespace {

// Library messages begin with the file's name, which every record has in a place of its own.
std::string without_path(std::string message, const std::string& path) {
  const std::string prefix = path + ": ";
  if (message.starts_with(prefix)) message.erase(0, prefix.size());
  return message;
}

}  // namespace

PreparedImage prepare_image(const ImageInput& input, const PrepareInput& prepare) {
  PreparedImage image{.name = input.path.string(),
                      .index = input.index,
                      .pixel_values = {},
                      .error = input.error,
                      .text = input.text,
                      .sidecar = input.sidecar};
  if (!image.error.empty()) return image;
  try {
    image.pixel_values = prepare(input);
  } catch (const std::bad_alloc&) {
    image.error = "not enough memory to read this picture";
  } catch (const std::exception& error) {
    image.error = without_path(error.what(), image.name);
  }
  return image;
}

ImageStream::ImageStream(NextInput next, PrepareInput prepare, int threads, std::size_t window)
    : prefetcher_(
          std::move(next),
          [prepare = std::move(prepare)](const ImageInput& input) {
            return prepare_image(input, prepare);
          },
          std::min(threads, kMaxDecoders), window) {}

std::optional<ImageBatch> ImageStream::next_batch(
    std::size_t size, std::optional<std::chrono::milliseconds> patience) {
  std::vector<PreparedImage> batch;
  while (batch.size() < size) {
    std::optional<PreparedImage> image =
        patience && !batch.empty() ? prefetcher_.next_within(*patience) : prefetcher_.next();
    if (!image) break;
    batch.push_back(std::move(*image));
  }
  if (batch.empty()) return std::nullopt;
  return ImageBatch(std::move(batch));
}

}  // namespace blip::app
