#include "cli/picture_reader.hpp"

#include "blip/image.hpp"
#include "cli/open_image.hpp"

namespace blip::cli {
namespace {

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
                             bool exif_rotation)
    : image_options_{.apply_exif_orientation = exif_rotation},
      processor_(load_processor(model, image_size)) {}

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
