#include "architectures/image_processor_config.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "architectures/image_processor_fields.hpp"
#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"

namespace blip {
namespace {

constexpr std::array<float, 3> kHalf = {0.5F, 0.5F, 0.5F};

struct ProcessorClass {
  std::string_view name;
  ImageProcessorConfig config;
  bool default_to_square;  // what a whole number as size means
};

// The class attributes of transformers 5.24. crop_size is kept where a class has none: a file that
// turns cropping on has to say it.
const std::array<ProcessorClass, 7>& processor_classes() {
  static const std::array<ProcessorClass, 7> kClasses = {{
      {"CLIPImageProcessor", {}, false},
      {"ChineseCLIPImageProcessor", {}, false},
      {"BitImageProcessor", {}, false},
      {"SiglipImageProcessor",
       {.size = {.height = 224, .width = 224},
        .do_center_crop = false,
        .image_mean = kHalf,
        .image_std = kHalf},
       false},
      {"ViTImageProcessor",
       {.size = {.height = 224, .width = 224},
        .resample = Resample::bilinear,
        .do_center_crop = false,
        .image_mean = kHalf,
        .image_std = kHalf,
        .do_convert_rgb = false},
       true},
      {"DeiTImageProcessor",
       {.size = {.height = 256, .width = 256},
        .image_mean = kHalf,
        .image_std = kHalf,
        .do_convert_rgb = false},
       true},
      {"BlipImageProcessor",
       {.size = {.height = 384, .width = 384}, .do_center_crop = false},
       true},
  }};
  return kClasses;
}

const ProcessorClass* find_class(std::string_view name) {
  const auto& classes = processor_classes();
  const auto* found = std::find_if(classes.begin(), classes.end(),
                                   [&](const auto& known) { return known.name == name; });
  return found == classes.end() ? nullptr : found;
}

bool drop_ending(std::string& text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.resize(text.size() - ending.size());
  return true;
}

const ProcessorClass& class_of(const JsonFields& fields, std::string_view default_class) {
  const char* key = "image_processor_type";
  std::optional<std::string> name = fields.string(key);
  if (name) {
    if (!drop_ending(*name, "Fast")) drop_ending(*name, "Pil");
  } else {
    key = "feature_extractor_type";
    name = fields.string(key);
    if (name && drop_ending(*name, "FeatureExtractor")) *name += "ImageProcessor";
  }
  const ProcessorClass* found = find_class(name ? *name : default_class);
  if (found == nullptr) {
    fields.fail(key, in_quotes(name ? *name : std::string(default_class)) + " is not supported",
                ErrorCode::unsupported);
  }
  return *found;
}

// [height, width]
void read_pair(const JsonFields& fields, const char* key, const nlohmann::json& pair, int& height,
               int& width) {
  if (pair.size() != 2) fields.fail(key, "must be a number or [height, width]");
  height = fields.as_integer(pair[0], key, kImageSides);
  width = fields.as_integer(pair[1], key, kImageSides);
}

void read_size(const JsonFields& fields, bool default_to_square, ImageResize& resize) {
  const nlohmann::json* size = fields.find("size");
  if (size == nullptr) {
    if (fields.is_null("size")) fields.fail("size", "is null");
    return;
  }
  resize = {};
  if (size->is_array()) {
    read_pair(fields, "size", *size, resize.height, resize.width);
    return;
  }
  if (!size->is_object()) {
    const int side = fields.as_integer(*size, "size", kImageSides);
    if (fields.boolean("default_to_square").value_or(default_to_square)) {
      resize = {.height = side, .width = side};
    } else {
      resize.shortest_edge = side;
    }
    return;
  }
  const JsonFields edges = *fields.object("size");
  const auto height = edges.integer("height", kImageSides);
  const auto width = edges.integer("width", kImageSides);
  const auto shortest = edges.integer("shortest_edge", kImageSides);
  if (size->size() == 2 && height && width) {
    resize = {.height = *height, .width = *width};
  } else if (size->size() == 1 && shortest) {
    resize.shortest_edge = *shortest;
  } else {
    fields.fail("size", "must have height and width, or shortest_edge alone, to be supported",
                ErrorCode::unsupported);
  }
}

void read_crop(const JsonFields& fields, ImageProcessorConfig& config) {
  const nlohmann::json* crop = fields.find("crop_size");
  if (crop == nullptr) return;
  if (crop->is_array()) {
    read_pair(fields, "crop_size", *crop, config.crop_height, config.crop_width);
  } else if (!crop->is_object()) {
    config.crop_height = config.crop_width = fields.as_integer(*crop, "crop_size", kImageSides);
  } else {
    const JsonFields sides = *fields.object("crop_size");
    const auto height = sides.integer("height", kImageSides);
    const auto width = sides.integer("width", kImageSides);
    if (!height || !width) fields.fail("crop_size", "must have height and width");
    config.crop_height = *height;
    config.crop_width = *width;
  }
}

// What transformers refuses when the first picture comes.
void require(const JsonFields& fields, bool is_needed, const char* key, bool has_default = true) {
  if (!is_needed) return;
  if (fields.is_null(key) || (!has_default && fields.find(key) == nullptr)) {
    fields.fail(key, "is missing");
  }
}

}  // namespace

ImageProcessorConfig read_image_processor(const JsonFields& fields,
                                          std::string_view default_class) {
  const ProcessorClass& its_class = class_of(fields, default_class);
  ImageProcessorConfig config = its_class.config;
  const bool class_crops = config.do_center_crop;
  config.do_resize = is_on(fields, "do_resize", config.do_resize);
  if (config.do_resize) read_size(fields, its_class.default_to_square, config.size);
  config.resample = static_cast<Resample>(
      fields.integer("resample", {0, 5}).value_or(static_cast<int>(config.resample)));
  config.do_center_crop = is_on(fields, "do_center_crop", config.do_center_crop);
  read_crop(fields, config);
  if (const auto offset = fields.string("crop_offset")) {
    if (*offset != kRoundedToEven) {
      fields.fail("crop_offset", in_quotes(*offset) + " is not supported", ErrorCode::unsupported);
    }
    config.crop_offset = CropOffset::rounded_to_even;
  }
  config.do_rescale = is_on(fields, "do_rescale", config.do_rescale);
  config.rescale_factor =
      fields.number("rescale_factor", {-1e6, 1e6}).value_or(config.rescale_factor);
  config.do_normalize = is_on(fields, "do_normalize", config.do_normalize);
  read_channels(fields, "image_mean", {-1e6, 1e6}, config.image_mean);
  // Values are divided by these.
  read_channels(fields, "image_std", {1e-6, 1e6}, config.image_std);
  config.do_convert_rgb = is_on(fields, "do_convert_rgb", config.do_convert_rgb);
  require(fields, config.do_resize, "resample");
  require(fields, config.do_center_crop, "crop_size", class_crops);
  require(fields, config.do_rescale, "rescale_factor");
  require(fields, config.do_normalize, "image_mean");
  require(fields, config.do_normalize, "image_std");
  refuse_step(fields, "do_pad");
  refuse_step(fields, "use_square_size");
  return config;
}

ImageProcessorConfig parse_image_processor_config(std::string_view json, const std::string& name,
                                                  std::string_view default_class) {
  const nlohmann::json document = parse_json_object(json, name);
  return read_image_processor(JsonFields(document, name), default_class);
}

ImageProcessorConfig ImageProcessorConfig::of_class(std::string_view name) {
  const ProcessorClass* found = find_class(name);
  if (found == nullptr) {
    throw Error(ErrorCode::unsupported,
                "no image processor is called " + in_quotes(std::string(name)));
  }
  return found->config;
}

ImageProcessorConfig ImageProcessorConfig::from_pretrained(
    const std::filesystem::path& model_directory, std::string_view default_class) {
  ImageProcessorConfig config = of_class(default_class);
  with_image_processor_fields(model_directory, [&](const JsonFields& fields) {
    config = read_image_processor(fields, default_class);
  });
  return config;
}

}  // namespace blip
