// Pictures and the processors that make pixel values of them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "architectures/registry.hpp"
#include "arrays.hpp"
#include "bind.hpp"
#include "blip/image.hpp"
#include "checkpoint/model_directory.hpp"
#include "image/image_processor.hpp"
#include "options.hpp"
#include "threads.hpp"

namespace blip::python {
namespace {

using RgbArray = nb::ndarray<const std::uint8_t, nb::shape<-1, -1, 3>, nb::device::cpu>;

// Pictures whose pixels had to be copied: for the tests, which hold that there are none without
// need.
std::atomic<std::uint64_t> pixel_copies = 0;

// Keeps an array of Python alive; it may be let go on any thread.
std::shared_ptr<const void> keep_alive(RgbArray array) {
  return {new RgbArray(std::move(array)), [](const void* kept) {
            const nb::gil_scoped_acquire locked;
            const std::unique_ptr<const RgbArray> freed(static_cast<const RgbArray*>(kept));
          }};
}

// array: [H, W, 3]. Shared if its rows lie one after the other.
Image image_of_array(RgbArray array) {
  const std::size_t height = array.shape(0);
  const std::size_t width = array.shape(1);
  const std::size_t row = 3 * width;
  const bool contiguous = array.stride(2) == 1 && array.stride(1) == 3 &&
                          (height == 1 || array.stride(0) == static_cast<std::int64_t>(row));
  const auto w = static_cast<int>(width);
  const auto h = static_cast<int>(height);
  if (contiguous) {
    const std::span<const std::uint8_t> pixels(array.data(), row * height);
    return {w, h, pixels, keep_alive(std::move(array))};
  }
  ++pixel_copies;
  std::vector<std::uint8_t> rgb;
  rgb.reserve(row * height);
  const std::uint8_t* data = array.data();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        rgb.push_back(data[static_cast<std::int64_t>(y) * array.stride(0) +
                           static_cast<std::int64_t>(x) * array.stride(1) +
                           static_cast<std::int64_t>(c) * array.stride(2)]);
      }
    }
  }
  return {w, h, std::move(rgb)};
}

ImageOptions image_options(bool apply_exif_orientation, bool blend_transparency) {
  ImageOptions options;
  options.apply_exif_orientation = apply_exif_orientation;
  options.blend_transparency = blend_transparency;
  return options;
}

}  // namespace

void bind_images(nb::module_& module) {
  nb::class_<Image>(module, "Image")
      .def_static("from_array", &image_of_array, nb::arg("array"))
      .def_static(
          "open",
          [](const std::string& path, bool apply_exif_orientation, bool blend_transparency) {
            const nb::gil_scoped_release released;
            return Image::open(path, image_options(apply_exif_orientation, blend_transparency));
          },
          nb::arg("path"), nb::arg("apply_exif_orientation") = false,
          nb::arg("blend_transparency") = true)
      .def_static(
          "decode",
          [](const nb::bytes& bytes, bool apply_exif_orientation, bool blend_transparency) {
            const std::span data(static_cast<const std::byte*>(bytes.data()), bytes.size());
            const nb::gil_scoped_release released;
            return Image::decode(data, image_options(apply_exif_orientation, blend_transparency));
          },
          nb::arg("bytes"), nb::arg("apply_exif_orientation") = false,
          nb::arg("blend_transparency") = true)
      .def_prop_ro("width", &Image::width)
      .def_prop_ro("height", &Image::height)
      .def("pixels", [](const nb::object& self) {
        const auto& image = nb::cast<const Image&>(self);
        return nb::ndarray<nb::numpy, const std::uint8_t>(
            image.pixels().data(),
            {static_cast<std::size_t>(image.height()), static_cast<std::size_t>(image.width()), 3},
            self);
      });
  module.def("pixel_copies", [] { return pixel_copies.load(); });

  nb::class_<ImageProcessor>(module, "ImageProcessor")
      .def_static(
          "from_pretrained",
          [](const std::string& model, const nb::dict& hub) {
            const HubOptions options = hub_options(hub);
            const nb::gil_scoped_release released;
            return std::const_pointer_cast<ImageProcessor>(
                open_image_processor(resolve_model(model, {}, options)));
          },
          nb::arg("model"), nb::arg("hub") = nb::dict())
      .def(
          "__call__",
          [](const ImageProcessor& processor, const std::vector<const Image*>& images) {
            std::vector<Image> copies;  // handles: they share their pixels
            copies.reserve(images.size());
            for (const Image* image : images) copies.push_back(*image);
            Tensor pixels;
            {
              const nb::gil_scoped_release released;
              pixels = processor(copies);
            }
            return array_of(std::move(pixels));
          },
          nb::arg("images"));
}

}  // namespace blip::python
