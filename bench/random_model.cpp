#include "random_model.hpp"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace blip::bench {
namespace {

using Shape = std::vector<std::int64_t>;
using Shapes = std::vector<std::pair<std::string, Shape>>;

void add_linear(Shapes& shapes, const std::string& prefix, std::int64_t out, std::int64_t in) {
  shapes.emplace_back(prefix + ".weight", Shape{out, in});
  shapes.emplace_back(prefix + ".bias", Shape{out});
}

void add_norm(Shapes& shapes, const std::string& prefix, std::int64_t size) {
  shapes.emplace_back(prefix + ".weight", Shape{size});
  shapes.emplace_back(prefix + ".bias", Shape{size});
}

void add_vision(Shapes& shapes, const BlipVisionConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t patch = config.patch_size;
  const std::int64_t grid = config.image_size / patch;
  const std::string prefix = "vision_model.";
  shapes.emplace_back(prefix + "embeddings.class_embedding", Shape{1, 1, hidden});
  shapes.emplace_back(prefix + "embeddings.position_embedding", Shape{1, grid * grid + 1, hidden});
  shapes.emplace_back(prefix + "embeddings.patch_embedding.weight", Shape{hidden, 3, patch, patch});
  shapes.emplace_back(prefix + "embeddings.patch_embedding.bias", Shape{hidden});
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = prefix + "encoder.layers." + std::to_string(i) + ".";
    add_norm(shapes, layer + "layer_norm1", hidden);
    add_linear(shapes, layer + "self_attn.qkv", 3 * hidden, hidden);
    add_linear(shapes, layer + "self_attn.projection", hidden, hidden);
    add_norm(shapes, layer + "layer_norm2", hidden);
    add_linear(shapes, layer + "mlp.fc1", config.intermediate_size, hidden);
    add_linear(shapes, layer + "mlp.fc2", hidden, config.intermediate_size);
  }
  add_norm(shapes, prefix + "post_layernorm", hidden);
}

void add_text(Shapes& shapes, const BlipTextConfig& config, const std::string& prefix) {
  const std::int64_t hidden = config.hidden_size;
  shapes.emplace_back(prefix + "embeddings.word_embeddings.weight",
                      Shape{config.vocab_size, hidden});
  shapes.emplace_back(prefix + "embeddings.position_embeddings.weight",
                      Shape{config.max_position_embeddings, hidden});
  add_norm(shapes, prefix + "embeddings.LayerNorm", hidden);
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i) + ".";
    for (const std::string block : {"attention.", "crossattention."}) {
      const std::int64_t states = block == "attention." ? hidden : config.encoder_hidden_size;
      add_linear(shapes, layer + block + "self.query", hidden, hidden);
      add_linear(shapes, layer + block + "self.key", hidden, states);
      add_linear(shapes, layer + block + "self.value", hidden, states);
      add_linear(shapes, layer + block + "output.dense", hidden, hidden);
      add_norm(shapes, layer + block + "output.LayerNorm", hidden);
    }
    add_linear(shapes, layer + "intermediate.dense", config.intermediate_size, hidden);
    add_linear(shapes, layer + "output.dense", hidden, config.intermediate_size);
    add_norm(shapes, layer + "output.LayerNorm", hidden);
  }
}

void add_word_head(Shapes& shapes, const BlipTextConfig& config) {
  const std::string head = "text_decoder.cls.predictions.";
  add_linear(shapes, head + "transform.dense", config.hidden_size, config.hidden_size);
  add_norm(shapes, head + "transform.LayerNorm", config.hidden_size);
  shapes.emplace_back(head + "bias", Shape{config.vocab_size});
}

void add_retrieval_heads(Shapes& shapes, const BlipConfig& config) {
  const std::int64_t hidden = config.text_config.hidden_size;
  const std::int64_t embedding = config.image_text_hidden_size;
  add_linear(shapes, "vision_proj", embedding, config.vision_config.hidden_size);
  add_linear(shapes, "text_proj", embedding, hidden);
  add_linear(shapes, "itm_head", 2, hidden);
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

// Weights of the spread trained ones have: norms near 1, matrices scaled by their inputs.
std::vector<float> random_values(const std::string& name, const Shape& shape,
                                 std::uint64_t& state) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  const bool norm_weight = name.find("orm") != std::string::npos && name.ends_with("weight");
  const auto inputs = static_cast<float>(element_count(shape)) / static_cast<float>(shape.front());
  const float spread = shape.size() < 2 ? 0.1F : 2.0F / std::sqrt(inputs);
  for (float& value : values) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    const float uniform = static_cast<float>(state >> 40) * 0x1p-24F - 0.5F;
    value = (norm_weight ? 1.0F : 0.0F) + spread * uniform;
  }
  return values;
}

void write_config(const std::filesystem::path& path, const BlipConfig& config) {
  const BlipTextConfig& text = config.text_config;
  const BlipVisionConfig& vision = config.vision_config;
  const nlohmann::json json = {
      {"model_type", "blip"},
      {"architectures", nlohmann::json::array({config.architecture})},
      {"text_config",
       {{"vocab_size", text.vocab_size},
        {"hidden_size", text.hidden_size},
        {"intermediate_size", text.intermediate_size},
        {"num_hidden_layers", text.num_hidden_layers},
        {"num_attention_heads", text.num_attention_heads},
        {"max_position_embeddings", text.max_position_embeddings},
        {"bos_token_id", text.bos_token_id},
        {"sep_token_id", text.sep_token_id}}},
      {"vision_config",
       {{"hidden_size", vision.hidden_size},
        {"intermediate_size", vision.intermediate_size},
        {"num_hidden_layers", vision.num_hidden_layers},
        {"num_attention_heads", vision.num_attention_heads},
        {"image_size", vision.image_size},
        {"patch_size", vision.patch_size}}},
  };
  std::ofstream(path) << json.dump(2);
}

}  // namespace

BlipConfig base_config() {
  BlipConfig config;
  config.architecture = "BlipForConditionalGeneration";
  config.text_config.num_attention_heads = 12;
  return config;
}

BlipConfig retrieval_base_config() {
  BlipConfig config = base_config();
  config.architecture = "BlipForImageTextRetrieval";
  return config;
}

BlipConfig large_config() {
  BlipConfig config = base_config();
  config.vision_config.hidden_size = 1024;
  config.vision_config.intermediate_size = 4096;
  config.vision_config.num_hidden_layers = 24;
  config.vision_config.num_attention_heads = 16;
  config.text_config.encoder_hidden_size = 1024;
  return config;
}

std::uintmax_t write_random_model(const std::filesystem::path& directory,
                                  const BlipConfig& config) {
  std::filesystem::create_directories(directory);
  write_config(directory / "config.json", config);
  Shapes shapes;
  add_vision(shapes, config.vision_config);
  if (config.architecture == "BlipForImageTextRetrieval") {
    add_text(shapes, config.text_config, "text_encoder.");
    add_retrieval_heads(shapes, config);
  } else {
    add_text(shapes, config.text_config, "text_decoder.bert.");
    add_word_head(shapes, config.text_config);
  }

  nlohmann::ordered_json header;
  std::int64_t offset = 0;
  for (const auto& [name, shape] : shapes) {
    const std::int64_t bytes = element_count(shape) * static_cast<std::int64_t>(sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data starts aligned, as safetensors writes it
  std::ofstream file(directory / "model.safetensors", std::ios::binary);
  const std::uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof(length));
  file << text;
  std::uint64_t state = 1;
  for (const auto& [name, shape] : shapes) {
    const std::vector<float> values = random_values(name, shape, state);
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
  }
  file.close();
  if (!file) throw std::runtime_error("cannot write " + (directory / "model.safetensors").string());
  return static_cast<std::uintmax_t>(offset);
}

}  // namespace blip::bench
