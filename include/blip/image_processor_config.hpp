// ImageProcessorConfig: the image processors of CLIP, SigLIP, ViT, DeiT, BiT (DINOv2) and BLIP.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "blip/export.hpp"
#include "blip/image.hpp"

namespace blip {

/// Whose arithmetic resizes, crops and normalises. They differ by one grey level in some 0.3 % of a
/// photo's samples. transformers 5 takes torchvision where it is installed and Pillow elsewhere
/// (`backend="pil"`); OpenAI's code and open_clip take Pillow.
enum class ImageBackend { pillow, torchvision };

/// Where a crop begins whose middle would be half a pixel: at the pixel before, as in transformers,
/// or at the even one of the two, as torchvision's CenterCrop, which timm uses.
enum class CropOffset { rounded_down, rounded_to_even };

/// The size that pictures are resized to: one size for all, or one shortest edge with the aspect
/// ratio kept. Exactly one of the two is set.
struct ImageResize {
  int shortest_edge = 0;  ///< the other side is int(shortest_edge * long / short)
  int height = 0;
  int width = 0;

  bool operator==(const ImageResize&) const = default;
};

/// Field for field what transformers calls an image processor. In this order: resize, center crop,
/// rescale, normalise.
struct BLIP_API ImageProcessorConfig {
  bool do_resize = true;
  ImageResize size = {.shortest_edge = 224};
  /// torchvision has neither box nor hamming.
  Resample resample = Resample::bicubic;
  /// What is smaller than the crop gets a black border.
  bool do_center_crop = true;
  int crop_height = 224;
  int crop_width = 224;
  CropOffset crop_offset = CropOffset::rounded_down;
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255.0;
  bool do_normalize = true;
  std::array<float, 3> image_mean = {0.48145466F, 0.4578275F, 0.40821073F};
  std::array<float, 3> image_std = {0.26862954F, 0.26130258F, 0.27577711F};
  /// An Image is RGB whatever this says. Where transformers converts, it lays transparent pixels
  /// over white (ImageOptions); where it does not, it refuses pictures that are not RGB.
  bool do_convert_rgb = true;
  ImageBackend backend = ImageBackend::pillow;

  bool operator==(const ImageProcessorConfig&) const = default;

  /// What a class of transformers does unless its file says otherwise: "CLIPImageProcessor" (the
  /// defaults above), "ChineseCLIPImageProcessor", "BitImageProcessor", "SiglipImageProcessor",
  /// "ViTImageProcessor", "DeiTImageProcessor" or "BlipImageProcessor". Throws unsupported for any
  /// other name.
  static ImageProcessorConfig of_class(std::string_view name);

  /// Reads the "image_processor" object of processor_config.json, which transformers 5 writes and
  /// prefers, else preprocessor_config.json, also in the form of 2021 (`feature_extractor_type`,
  /// whole numbers as sizes). A field that is absent is as in the class that the file names, or in
  /// `default_class` if it names none. Where there is no file, of_class(default_class).
  /// Throws unreadable, malformed, unsupported (another class, a size by longest edge or number of
  /// pixels, padding) or limit_exceeded; the message names the file and the field.
  static ImageProcessorConfig from_pretrained(const std::filesystem::path& model_directory,
                                              std::string_view default_class);
};

}  // namespace blip
