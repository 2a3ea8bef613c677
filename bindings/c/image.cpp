// Images, and images as a model has read them.
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "boundary.hpp"
#include "handles.hpp"

using blip::c::guarded;
using blip::c::known_fields;
using blip::c::required;
using blip::c::required_text;

namespace {

blip::ImageOptions image_options_of(const blip_image_options* options) {
  const auto known = known_fields(options, blip_image_options_default());
  if (known.max_pixels <= 0) {
    throw blip::Error(blip::ErrorCode::invalid_argument, "max_pixels must be positive");
  }
  blip::ImageOptions result;
  result.apply_exif_orientation = known.apply_exif_orientation != 0;
  result.blend_transparency = known.blend_transparency != 0;
  result.background = {known.background[0], known.background[1], known.background[2]};
  result.max_pixels = known.max_pixels;
  return result;
}

blip::Image image_of_rgb(const uint8_t* pixels, int32_t width, int32_t height, size_t stride) {
  required(pixels, "pixels");
  // The largest side of a picture that a processor resizes.
  constexpr int32_t kLargestSide = 65535;
  if (width < 1 || height < 1 || width > kLargestSide || height > kLargestSide) {
    throw blip::Error(blip::ErrorCode::invalid_argument,
                      "width and height must be from 1 to 65535, not " + std::to_string(width) +
                          " and " + std::to_string(height));
  }
  const size_t row = 3 * static_cast<size_t>(width);
  if (stride == 0) stride = row;
  if (stride < row) {
    throw blip::Error(
        blip::ErrorCode::invalid_argument,
        "stride is " + std::to_string(stride) + " bytes, a row has " + std::to_string(row));
  }
  std::vector<std::uint8_t> rgb(row * static_cast<size_t>(height));
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    std::memcpy(rgb.data() + y * row, pixels + y * stride, row);
  }
  return {width, height, std::move(rgb)};
}

}  // namespace

const blip_encoded_image& blip::c::encoded_by(const blip_model* model,
                                              const blip_encoded_image* image) {
  const blip_encoded_image& encoded = required(image, "image");
  if (encoded.model != required(model, "model").model) {
    throw Error(ErrorCode::invalid_argument, "the image was encoded by another model, a " +
                                                 encoded.model->architecture +
                                                 "; encode it by the one that is asked");
  }
  return encoded;
}

const blip::EncodedImage& blip::c::encoded_by_tower(const blip_model* model,
                                                    const blip_encoded_image* image) {
  return encoded_by(model, image).image.value();
}

blip_image_options blip_image_options_default(void) {
  blip_image_options options{};
  options.struct_size = sizeof(options);
  options.apply_exif_orientation = 1;
  options.blend_transparency = 1;
  std::memset(options.background, 255, sizeof(options.background));
  options.max_pixels = blip::ImageOptions{}.max_pixels;
  return options;
}

blip_status blip_image_open(const char* path, const blip_image_options* options, blip_image** image,
                            blip_error** error) {
  return guarded(error, [&] {
    required(image, "image");
    auto opened = std::make_unique<blip_image>(
        blip_image{blip::Image::open(required_text(path, "path"), image_options_of(options))});
    *image = opened.release();
  });
}

blip_status blip_image_decode(const void* bytes, size_t size, const blip_image_options* options,
                              blip_image** image, blip_error** error) {
  return guarded(error, [&] {
    required(image, "image");
    const auto* first = static_cast<const std::byte*>(bytes);
    required(first, "bytes");
    auto decoded = std::make_unique<blip_image>(
        blip_image{blip::Image::decode(std::span(first, size), image_options_of(options))});
    *image = decoded.release();
  });
}

blip_status blip_image_from_rgb(const uint8_t* pixels, int32_t width, int32_t height, size_t stride,
                                blip_image** image, blip_error** error) {
  return guarded(error, [&] {
    required(image, "image");
    auto made =
        std::make_unique<blip_image>(blip_image{image_of_rgb(pixels, width, height, stride)});
    *image = made.release();
  });
}

int32_t blip_image_width(const blip_image* image) {
  return image == nullptr ? 0 : image->image.width();
}

int32_t blip_image_height(const blip_image* image) {
  return image == nullptr ? 0 : image->image.height();
}

const uint8_t* blip_image_pixels(const blip_image* image) {
  return image == nullptr ? nullptr : image->image.pixels().data();
}

void blip_image_free(blip_image* image) {
  const std::unique_ptr<blip_image> owner(image);
}

blip_status blip_encode_image(const blip_model* model, const blip_image* image,
                              blip_context* context, blip_encoded_image** encoded,
                              blip_error** error) {
  return blip_encode_images(model, &image, 1, context, encoded, error);
}

blip_status blip_encode_images(const blip_model* model, const blip_image* const* images,
                               size_t num_images, blip_context* context,
                               blip_encoded_image** encoded, blip_error** error) {
  return guarded(error, [&] {
    const blip::c::OpenModel& open = *required(model, "model").model;
    required(encoded, "encoded");
    required(images, "images");
    blip::Context& running = required(context, "context").context;

    std::vector<std::unique_ptr<blip_encoded_image>> made;
    made.reserve(num_images);
    // The pixels of images of one shape go through the model together.
    std::vector<blip::Tensor> pixels;
    for (size_t i = 0; i < num_images; ++i) {
      const blip::Image& image = required(images[i], "an image").image;
      pixels.push_back((*open.image_processor)(std::span(&image, 1)));
    }
    for (size_t i = 0; i < num_images;) {
      size_t end = i + 1;
      while (end < num_images && pixels[end].shape == pixels[i].shape) ++end;
      if (open.classifier != nullptr) {
        for (; i < end; ++i) {
          made.push_back(std::make_unique<blip_encoded_image>(blip_encoded_image{
              .model = model->model, .image = std::nullopt, .pixel_values = std::move(pixels[i])}));
        }
        continue;
      }
      blip::Tensor together = std::move(pixels[i]);
      together.shape.front() = static_cast<std::int64_t>(end - i);
      for (size_t next = i + 1; next < end; ++next) {
        together.data.insert(together.data.end(), pixels[next].data.begin(),
                             pixels[next].data.end());
      }
      for (blip::EncodedImage& each : open.encode(together, running)) {
        made.push_back(std::make_unique<blip_encoded_image>(
            blip_encoded_image{.model = model->model, .image = std::move(each)}));
      }
      i = end;
    }
    for (size_t i = 0; i < num_images; ++i) encoded[i] = made[i].release();
  });
}

void blip_encoded_image_free(blip_encoded_image* encoded) {
  const std::unique_ptr<blip_encoded_image> owner(encoded);
}
