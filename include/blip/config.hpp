// The configuration files of a checkpoint, field for field as transformers names them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

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
  /// Generation fields that old checkpoints keep here (max_length, num_beams, …).
  GenerationOptions generation;
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
};

/// config.json as a whole.
struct BlipConfig {
  std::string architecture;  ///< architectures[0], e.g. "BlipForConditionalGeneration"; may be empty
  BlipTextConfig text_config;
  BlipVisionConfig vision_config;
  int projection_dim = 512;
  float logit_scale_init_value = 2.6592F;
  int image_text_hidden_size = 256;
  bool tie_word_embeddings = true;

  /// Reads config.json of a model directory. Throws not_found, malformed, unsupported or
  /// limit_exceeded; the message names the file and the field.
  static BlipConfig from_pretrained(const std::filesystem::path& model_directory);
};

/// preprocessor_config.json. Defaults are transformers' BlipImageProcessor.
struct BlipImageProcessorConfig {
  bool do_resize = true;
  int height = 384;
  int width = 384;
  Resample resample = Resample::bicubic;
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255.0;
  bool do_normalize = true;
  std::array<float, 3> image_mean = {0.48145466F, 0.4578275F, 0.40821073F};
  std::array<float, 3> image_std = {0.26862954F, 0.26130258F, 0.27577711F};

  /// Reads preprocessor_config.json (or the "image_processor" object of processor_config.json);
  /// defaults where neither exists.
  static BlipImageProcessorConfig from_pretrained(const std::filesystem::path& model_directory);
};

/// generation_config.json laid over the generation fields of config.json; empty where neither says.
GenerationOptions load_generation_config(const std::filesystem::path& model_directory,
                                         const BlipConfig& config);

}  // namespace blip
