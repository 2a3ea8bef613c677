#include "small_clip.hpp"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "architectures/clip/infer_config.hpp"
#include "text/byte_characters.hpp"
#include "train/model/clip_model.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::testing {
namespace {

// Of bytes alone, with and without the end of a word: CLIP's without merges.
nlohmann::ordered_json vocabulary() {
  nlohmann::ordered_json tokens = nlohmann::ordered_json::object();
  for (const char* end : {"", "</w>"}) {
    for (const std::uint8_t byte : bytes_in_order()) {
      tokens[character_of_byte(byte) + end] = tokens.size();
    }
  }
  for (const char* special : {"<|startoftext|>", "<|endoftext|>"}) tokens[special] = tokens.size();
  return tokens;
}

CLIPConfig small_config() {
  CLIPConfig config;
  config.architecture = "CLIPModel";
  config.projection_dim = 8;
  CLIPVisionConfig& vision = config.vision_config;
  vision.hidden_size = 16;
  vision.intermediate_size = 32;
  vision.num_hidden_layers = 2;
  vision.num_attention_heads = 2;
  vision.image_size = 16;
  vision.patch_size = 8;
  CLIPTextConfig& text = config.text_config;
  text.hidden_size = 16;
  text.intermediate_size = 32;
  text.num_hidden_layers = 2;
  text.num_attention_heads = 2;
  text.vocab_size = 514;
  text.max_position_embeddings = 24;
  text.bos_token_id = 512;
  text.eos_token_id = 513;
  text.pad_token_id = 513;
  return config;
}

}  // namespace

void write_small_clip(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  const CLIPConfig config = small_config();
  std::ofstream(directory / "config.json") << clip_config_as_json(config);
  std::ofstream(directory / "vocab.json") << vocabulary().dump();
  std::ofstream(directory / "merges.txt") << "#version: 0.2\n";
  std::ofstream(directory / "preprocessor_config.json")
      << R"({"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 16},
            "crop_size": {"height": 16, "width": 16}})";
  train::ClipTrainingModel model = train::make_clip_model(config, torch::kCPU);
  const torch::NoGradGuard no_grad;
  torch::manual_seed(7);
  for (train::Parameter& parameter : model.parameters.all()) {
    const bool is_norm = parameter.name.find("norm") != std::string::npos;
    if (parameter.name == "logit_scale") {
      parameter.tensor.fill_(2.0);
    } else if (parameter.tensor.dim() >= 2) {
      parameter.tensor.normal_(0.0, 1.0 / std::sqrt(static_cast<double>(parameter.tensor.size(1))));
    } else {
      parameter.tensor.fill_(is_norm && parameter.name.ends_with("weight") ? 1.0 : 0.0);
    }
  }
  train::replace_tensor_file(directory / "model.safetensors", model.parameters.named_state());
}

}  // namespace blip::testing
