#include "app/images/picture_reader.hpp"

#include "app/images/open_image.hpp"
#include "architectures/registry.hpp"

namespace blip::app {
namespace {

// Of a shrunk photo, in sides of what the model takes: the resize that follows still averages over
// some pixels, by Pillow's filter, so that what a photo looks like to the model hardly changes.
constexpr int kShrunkSides = 2;

std::shared_ptr<const ImageProcessor> resized(std::shared_ptr<const ImageProcessor> processor,
                                              std::optional<int> image_size) {
  return image_size ? processor->with_size(*image_size) : processor;
}

}  // namespace

PictureReader::PictureReader(const std::filesystem::path& model, const PictureOptions& options,
                             const std::filesystem::path& processor)
    : processor_(resized(open_image_processor(model, processor), options.image_size)) {
  image_options_.apply_exif_orientation = options.exif_rotation;
  image_options_.max_pixels = options.max_pixels;
  image_options_.blend_transparency = options.blend_transparency;
  image_options_.background = options.background;
  if (options.shrink) image_options_.shrink_to = kShrunkSides * processor_->resized_side();
}

Tensor PictureReader::operator()(const std::filesystem::path& picture) const {
  return (*this)(open_image(picture.string(), image_options_));
}

Image PictureReader::decode(std::span<const std::byte> bytes, const std::string& name) const {
  return Image::decode(bytes, image_options_, name);
}

Tensor PictureReader::operator()(std::span<const std::byte> bytes, const std::string& name) const {
  return (*this)(decode(bytes, name));
}

Tensor PictureReader::operator()(const Image& image) const {
  return (*processor_)(std::span(&image, 1));
}

}  // namespace blip::app
