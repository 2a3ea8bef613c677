#include "cli/input/picture_reader.hpp"

#include <algorithm>

#include "blip/image.hpp"
#include "cli/input/open_image.hpp"

namespace blip::cli {
namespace {

// Of a shrunk photo, in those of what the model takes: the resize that follows still averages over
// some pixels, by Pillow's filter, so that what a photo looks like to the model hardly changes.
constexpr int kShrunkSides = 2;

BlipProcessor load_processor(const std::filesystem::path& model, std::optional<int> image_size) {
  BlipProcessor processor = BlipProcessor::from_pretrained(model);
  if (!image_size) return processor;
  BlipImageProcessorConfig config = processor.image_processor();
  config.do_resize = true;
  config.width = *image_size;
  config.height = *image_size;
  return {config, processor.tokenizer()};
}

}  // namespace

PictureReader::PictureReader(const std::filesystem::path& model, std::optional<int> image_size,
                             const PictureChoices& choices)
    : processor_(load_processor(model, image_size)) {
  image_options_.apply_exif_orientation = choices.exif_rotation;
  const BlipImageProcessorConfig& config = processor_.image_processor();
  if (choices.shrink && config.do_resize) {
    image_options_.shrink_to = kShrunkSides * std::max(config.width, config.height);
  }
}

Image PictureReader::open(const std::filesystem::path& picture) const {
  return open_image(picture.string(), image_options_);
}

BlipInputs PictureReader::operator()(const std::filesystem::path& picture) const {
  return processor_(open(picture));
}

BlipInputs PictureReader::operator()(const std::filesystem::path& picture,
                                     const std::string& text) const {
  return processor_(open(picture), text);
}

BlipInputs PictureReader::decode(std::span<const std::byte> bytes, const std::string& name) const {
  return processor_(Image::decode(bytes, image_options_, name));
}

BlipInputs PictureReader::decode(std::span<const std::byte> bytes, const std::string& name,
                                 const std::string& text) const {
  return processor_(Image::decode(bytes, image_options_, name), text);
}

}  // namespace blip::cli
