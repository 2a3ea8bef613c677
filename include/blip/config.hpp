// The configuration files of a checkpoint, field for field as transformers names them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "blip/export.hpp"
#include "blip/generation.hpp"
#include "blip/image.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// `text_config` of config.json. Defaults are transformers' BlipTextConfig.
struct BlipTextConfig {
  int vocab_size = 30524;
  int hidden_size = 768;
  /// Width of the states that cross-attention reads; always overwritten by the vision hidden size.
  int encoder_hidden_size = 768;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 8;
  int max_position_embeddings = 512;
  std::string hidden_act = "gelu";
  float layer_norm_eps = 1e-12F;
  TokenId bos_token_id = 30522;
  TokenId eos_token_id = 2;  ///< not what stops generation: sep_token_id is
  TokenId pad_token_id = 0;
  TokenId sep_token_id = 102;
  /// Generation fields that old checkpoints keep here (max_length, num_beams, …); those at the top
  /// level of config.json win. See load_generation_config for when they apply.
  GenerationOptions generation;
};

/// EfficientNet-Lite: a convolutional network from pixels to a map of features. The fields are
/// those of transformers' EfficientNetConfig, each list with a number for every stage; the defaults
/// are Lite0's. Lite differs in that it has no squeeze-excitation, that the stem and the last
/// convolution are not scaled by the width, and the first and the last stage not by the depth.
struct EfficientNetLiteConfig {
  double width_coefficient = 1.0;
  double depth_coefficient = 1.0;
  int depth_divisor = 8;  ///< channels are rounded to multiples of it
  std::vector<int> kernel_sizes = {3, 3, 5, 3, 5, 5, 3};
  std::vector<int> in_channels = {32, 16, 24, 40, 80, 112, 192};
  std::vector<int> out_channels = {16, 24, 40, 80, 112, 192, 320};
  std::vector<int> strides = {1, 2, 2, 2, 1, 2, 1};
  std::vector<int> num_block_repeats = {1, 2, 2, 3, 3, 4, 1};
  std::vector<int> expand_ratios = {1, 6, 6, 6, 6, 6, 6};
  int hidden_dim = 1280;  ///< channels of the map
  std::string hidden_act = "relu6";
  float batch_norm_eps = 1e-3F;

  /// Pixels of an image to one of the map, along either side; the last may be cut short.
  [[nodiscard]] int total_stride() const noexcept {
    int stride = 2;  // the stem's
    for (const int of_stage : strides) stride *= of_stage;
    return stride;
  }
};

/// `vision_config` of config.json. Defaults are transformers' BlipVisionConfig.
struct BlipVisionConfig {
  int hidden_size = 768;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int image_size = 384;
  int patch_size = 16;
  std::string hidden_act = "gelu";
  float layer_norm_eps = 1e-5F;
  /// Makes the tower a hybrid: the patches are the places of this network's map, and `patch_size`
  /// has no meaning. As transformers' ViTHybridConfig has it.
  std::optional<EfficientNetLiteConfig> backbone_config;

  /// Patches along a side of so many pixels.
  [[nodiscard]] int grid(int pixels) const noexcept {
    if (!backbone_config) return pixels / patch_size;
    const int stride = backbone_config->total_stride();
    return (pixels + stride - 1) / stride;
  }
};

/// config.json as a whole.
struct BLIP_API BlipConfig {
  std::string
      architecture;  ///< architectures[0], e.g. "BlipForConditionalGeneration"; may be empty
  BlipTextConfig text_config;
  BlipVisionConfig vision_config;
  int projection_dim = 512;
  float logit_scale_init_value = 2.6592F;
  int image_text_hidden_size = 256;
  bool tie_word_embeddings = true;

  /// Reads config.json of a model directory, or the one beside a checkpoint file. Of weights
  /// without one, tells it from the names and shapes of the tensors. Throws not_found, malformed,
  /// unsupported or limit_exceeded; the message names the file and the field.
  static BlipConfig from_pretrained(const std::filesystem::path& model);
};

/// preprocessor_config.json. Defaults are transformers' BlipImageProcessor.
struct BLIP_API BlipImageProcessorConfig {
  bool do_resize = true;
  int height = 384;
  int width = 384;
  Resample resample = Resample::bicubic;
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255.0;
  bool do_normalize = true;
  std::array<float, 3> image_mean = {0.48145466F, 0.4578275F, 0.40821073F};
  std::array<float, 3> image_std = {0.26862954F, 0.26130258F, 0.27577711F};

  /// Reads the "image_processor" object of processor_config.json, which transformers 5 writes and
  /// prefers, else preprocessor_config.json, both beside a checkpoint file; defaults where neither
  /// exists, at the size that the model's configuration or its tensors tell. Throws unreadable,
  /// malformed, unsupported (a size that keeps the aspect ratio, cropping, padding) or
  /// limit_exceeded; the message names the file and the field.
  static BlipImageProcessorConfig from_pretrained(const std::filesystem::path& model);
};

/// What transformers calls `model.generation_config`: generation_config.json where that exists,
/// else the generation fields of config.json; empty where the files do not say.
///
/// BLIP's `generate` in transformers does not look at it. It calls the text decoder's `generate`,
/// which has a generation configuration of its own: an empty one in transformers 5 (measured in
/// 5.24: files that ask for 3 beams or a max_length of 12 or 30 get one beam and 20 new tokens all
/// the same), the legacy fields of `text_config` in 4. To get what transformers 5 gives, do not use
/// it. It is for display, and for callers who want the settings of the model's author.
/// Throws as BlipConfig::from_pretrained does, except that the file may be missing.
BLIP_API GenerationOptions load_generation_config(const std::filesystem::path& model,
                                                  const BlipConfig& config);

}  // namespace blip
