// The vision tower: what int8 keeps of float32, and that an image does not feel its batch.
#include "model/vision_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "architectures/blip/vision_transformer.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "model/weight_loader.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

BlipVisionConfig small_config(int hidden, int heads, int inner) {
  BlipVisionConfig config;
  config.hidden_size = hidden;
  config.intermediate_size = inner;
  config.num_hidden_layers = 2;
  config.num_attention_heads = heads;
  config.patch_size = 8;
  config.image_size = 40;
  return config;
}

/// Random weights in a file, and the models made of it.
class RandomVision {
 public:
  explicit RandomVision(const BlipVisionConfig& config) : config_(config) {
    const std::int64_t e = config.hidden_size;
    const std::int64_t inner = config.intermediate_size;
    add("embeddings.class_embedding", {1, 1, e});
    add("embeddings.position_embedding", {1, 26, e});
    add("embeddings.patch_embedding.weight", {e, 3, 8, 8});
    add("embeddings.patch_embedding.bias", {e});
    for (int i = 0; i < config.num_hidden_layers; ++i) {
      const std::string layer = "encoder.layers." + std::to_string(i) + ".";
      add_layer(layer + "layer_norm1", {e});
      add_layer(layer + "self_attn.qkv", {3 * e, e});
      add_layer(layer + "self_attn.projection", {e, e});
      add_layer(layer + "layer_norm2", {e});
      add_layer(layer + "mlp.fc1", {inner, e});
      add_layer(layer + "mlp.fc2", {e, inner});
    }
    add_layer("post_layernorm", {e});
    directory_.write("model.safetensors", safetensors_header(places_) + data_);
  }

  /// For pictures of another size than the weights are for.
  void load(int image_size) const {
    const Checkpoint checkpoint = Checkpoint::open(directory_.path());
    ConvertedWeights converted;
    WeightLoader loader(checkpoint, WeightType::stored, converted);
    BlipVisionConfig config = config_;
    config.image_size = image_size;
    const VisionModel model(loader, vision_transformer_of(config, ""));
  }

  /// pixels: [B, 3, 40, 40] → [B, 26, E]
  std::vector<float> encode(WeightType type, const std::vector<float>& pixels) {
    const Checkpoint checkpoint = Checkpoint::open(directory_.path());
    ConvertedWeights converted;
    WeightLoader loader(checkpoint, type, converted);
    const VisionModel model(loader, vision_transformer_of(config_, ""));
    Context context({.num_threads = 2});
    const std::size_t batch = pixels.size() / (3 * 40 * 40);
    std::vector<float> out(batch * 26 * static_cast<std::size_t>(config_.hidden_size));
    model.encode(pixels.data(), static_cast<std::int64_t>(batch), 40, 40, out.data(), context);
    return out;
  }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    places_.push_back({name, DType::f32, shape});
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    const auto inputs = static_cast<float>(count) / static_cast<float>(shape.front());
    std::normal_distribution<float> normal(0.0F,
                                           shape.size() < 2 ? 0.1F : 1.0F / std::sqrt(inputs));
    std::vector<float> values(count);
    const bool norm = name.find("norm") != std::string::npos && name.ends_with("weight");
    for (float& value : values) value = normal(engine_) + (norm ? 1.0F : 0.0F);
    data_.append(reinterpret_cast<const char*>(values.data()), count * sizeof(float));
  }
  void add_layer(const std::string& name, const std::vector<std::int64_t>& shape) {
    add(name + ".weight", shape);
    add(name + ".bias", {shape.front()});
  }

  BlipVisionConfig config_;
  TemporaryDirectory directory_;
  std::vector<SafetensorsPlace> places_;
  std::string data_;
  std::mt19937 engine_{5};
};

std::vector<float> random_pixels(std::size_t images) {
  std::mt19937 engine(9);
  std::normal_distribution<float> normal;
  std::vector<float> pixels(images * 3 * 40 * 40);
  for (float& pixel : pixels) pixel = normal(engine);
  return pixels;
}

double relative_error(const std::vector<float>& found, const std::vector<float>& expected) {
  double error = 0.0;
  double power = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    error += std::pow(found[i] - expected[i], 2);
    power += std::pow(expected[i], 2);
  }
  return std::sqrt(error / power);
}

// Widths that integer products take, heads that they do not, widths that nothing can be cut into
// fours of: these stay in float32, with weights rounded to int8.
TEST(VisionModel, Int8StaysCloseAtAnyWidth) {
  for (const BlipVisionConfig& config :
       {small_config(128, 2, 512), small_config(36, 6, 72), small_config(35, 5, 71)}) {
    RandomVision vision(config);
    const auto pixels = random_pixels(3);
    const double error = relative_error(vision.encode(WeightType::i8, pixels),
                                        vision.encode(WeightType::f32, pixels));
    EXPECT_GT(error, 1e-4) << config.hidden_size << ": this is float32";
    EXPECT_LT(error, 0.03) << config.hidden_size;
  }
}

TEST(VisionModel, PositionsAreResampledForPicturesThatThereAre) {
  const RandomVision vision(small_config(36, 6, 72));
  for (const int size : {384, 768, 2048}) EXPECT_NO_THROW(vision.load(size)) << size;
  expect_error(ErrorCode::limit_exceeded,
               "model.safetensors: tensor 'embeddings.position_embedding' has positions of 25 "
               "patches, and config.json asks for 66049, which is more than any model has",
               [&] { vision.load(257 * 8); });
}

TEST(VisionModel, AnImageDoesNotFeelItsBatch) {
  for (const WeightType type : {WeightType::f32, WeightType::f16, WeightType::i8}) {
    RandomVision vision(small_config(128, 2, 512));
    const auto pixels = random_pixels(3);
    const auto together = vision.encode(type, pixels);
    for (std::size_t image = 0; image < 3; ++image) {
      const auto size = static_cast<std::ptrdiff_t>(pixels.size() / 3);
      const auto first = pixels.begin() + static_cast<std::ptrdiff_t>(image) * size;
      const auto alone = vision.encode(type, std::vector<float>(first, first + size));
      const auto place = together.begin() + static_cast<std::ptrdiff_t>(image * alone.size());
      EXPECT_EQ(alone, std::vector<float>(place, place + static_cast<std::ptrdiff_t>(alone.size())))
          << "image " << image << " type " << static_cast<int>(type);
    }
  }
}

}  // namespace
}  // namespace blip
