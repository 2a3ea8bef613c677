// probe_image: runs the module image/ for parity_image.py and parity_processors.py. One JSON
// request per line on stdin, one JSON answer per line on stdout; pixels and tensors go through
// files, raw.
//
//   {"op": "decode", "path", "exif", "blend", "background", "out"} → {"width", "height"}
//   {"op": "resize", "raw", "from": [w, h], "to": [w, h], "filter", "out", "repeat"}
//                                                                → {"seconds"} (the fastest one)
//   {"op": "preprocess", "paths", "config": {…}, "out"}          → {"shape"}
//   {"op": "process", "raws": [{"raw", "from": [w, h]}, …], "file": preprocessor_config.json as
//   text,
//    "backend": "pillow" | "torchvision", "out"}                → {"shape"}
// A blip::Error is answered with {"error"}.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/image_processor_config.hpp"
#include "blip/config.hpp"
#include "blip/error.hpp"
#include "blip/image.hpp"
#include "image/preprocess.hpp"

namespace {

using nlohmann::json;

void write_file(const std::string& path, const void* bytes, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

blip::Image read_raw(const json& request) {
  const int width = request.at("from").at(0);
  const int height = request.at("from").at(1);
  std::vector<std::uint8_t> rgb(std::size_t{3} * width * height);
  std::ifstream file(request.at("raw").get<std::string>(), std::ios::binary);
  file.read(reinterpret_cast<char*>(rgb.data()), static_cast<std::streamsize>(rgb.size()));
  return {width, height, std::move(rgb)};
}

constexpr std::array<std::uint8_t, 3> kWhite = {255, 255, 255};

json decode(const json& request) {
  const auto image = blip::Image::open(request.at("path").get<std::string>(),
                                       {.apply_exif_orientation = request.value("exif", false),
                                        .blend_transparency = request.value("blend", false),
                                        .background = request.value("background", kWhite)});
  const auto pixels = image.pixels();
  write_file(request.at("out"), pixels.data(), pixels.size());
  return {{"width", image.width()}, {"height", image.height()}};
}

json resize(const json& request) {
  const blip::Image image = read_raw(request);
  const int width = request.at("to").at(0);
  const int height = request.at("to").at(1);
  const auto filter = static_cast<blip::Resample>(request.value("filter", 3));
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < request.value("repeat", 1); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const blip::Image result = image.resized(width, height, filter);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
    if (i == 0) write_file(request.at("out"), result.pixels().data(), result.pixels().size());
  }
  return {{"seconds", best}};
}

blip::BlipImageProcessorConfig config_of(const json& fields) {
  blip::BlipImageProcessorConfig config;
  config.do_resize = fields.value("do_resize", config.do_resize);
  config.height = fields.value("height", config.height);
  config.width = fields.value("width", config.width);
  config.resample = static_cast<blip::Resample>(fields.value("resample", 3));
  config.do_rescale = fields.value("do_rescale", config.do_rescale);
  config.rescale_factor = fields.value("rescale_factor", config.rescale_factor);
  config.do_normalize = fields.value("do_normalize", config.do_normalize);
  config.image_mean = fields.value("image_mean", config.image_mean);
  config.image_std = fields.value("image_std", config.image_std);
  return config;
}

json preprocess(const json& request) {
  std::vector<blip::Image> images;
  for (const auto& path : request.at("paths")) {
    images.push_back(blip::Image::open(path.get<std::string>()));
  }
  const auto batch = blip::image::preprocess(images, config_of(request.at("config")));
  write_file(request.at("out"), batch.data.data(), batch.data.size() * sizeof(float));
  return {{"shape", batch.shape}};
}

json process(const json& request) {
  std::vector<blip::Image> images;
  for (const json& raw : request.at("raws")) images.push_back(read_raw(raw));
  auto config = blip::parse_image_processor_config(request.at("file").get<std::string>(),
                                                   "preprocessor_config.json", "");
  if (request.at("backend") == "torchvision") config.backend = blip::ImageBackend::torchvision;
  const auto batch = blip::image::preprocess_as(config, images);
  write_file(request.at("out"), batch.data.data(), batch.data.size() * sizeof(float));
  return {{"shape", batch.shape}};
}

json answer(const json& request) {
  try {
    const std::string op = request.at("op");
    if (op == "decode") return decode(request);
    if (op == "resize") return resize(request);
    if (op == "preprocess") return preprocess(request);
    if (op == "process") return process(request);
    return {{"error", "unknown op " + op}};
  } catch (const blip::Error& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(json::parse(line)).dump() << std::endl;
  }
}
