// DALL-E's configuration, read, written and told from tensors.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "architectures/dalle/config.hpp"
#include "architectures/dalle/flax_names.hpp"
#include "architectures/dalle/infer_config.hpp"
#include "architectures/dalle/tensors.hpp"
#include "architectures/registry.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

nlohmann::json tiny_dalle() {
  std::ifstream file(std::string(BLIP_SOURCE_DIR) + "/tests/tasks/data/dalle.json");
  return nlohmann::json::parse(file).at("scaled").at("config");
}

DalleConfig parsed_dalle(const nlohmann::json& config) {
  return parse_dalle_config(config.dump(), "config.json");
}

// Zeros of these shapes.
std::string empty_file(const std::vector<ExpectedTensor>& tensors) {
  std::vector<SafetensorsPlace> places;
  std::size_t bytes = 0;
  for (const ExpectedTensor& tensor : tensors) {
    if (tensor.may_be_absent) continue;
    places.push_back({tensor.name, DType::f16, tensor.shape});
    std::size_t count = 2;
    for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
    bytes += count;
  }
  return safetensors_header(places) + std::string(bytes, '\0');
}

TEST(DalleConfigFile, IsReadAndWritten) {
  const DalleConfig config = parsed_dalle(tiny_dalle());
  EXPECT_EQ(config.d_model, 32);
  EXPECT_EQ(config.vqgan_config.grid(), 4);
  EXPECT_EQ(config.decoder_start_token_id, 64);
  const std::string text = dalle_config_as_json(config);
  EXPECT_EQ(dalle_config_as_json(parse_dalle_config(text, "config.json")), text);
  // dalle-mini's own, whose defaults are mini's.
  const DalleConfig mini = parsed_dalle({{"model_type", "dallebart"}});
  EXPECT_EQ(mini.encoder_ffn_dim, 2730);
  EXPECT_EQ(mini.vqgan_config.resolution, 256);
}

TEST(DalleConfigFile, IsRefusedByField) {
  const auto expect_refused = [](const char* key, const nlohmann::json& value, ErrorCode code,
                                 const char* part) {
    nlohmann::json config = tiny_dalle();
    if (config.contains(key)) {
      config[key] = value;
    } else if (config["vqgan_config"].contains(key)) {
      config["vqgan_config"][key] = value;
    } else {
      config[key] = value;
    }
    expect_error(code, part, [&] { static_cast<void>(parsed_dalle(config)); });
  };
  expect_refused("image_length", 25, ErrorCode::malformed, "image_length 25 is not");
  expect_refused("d_model", 33, ErrorCode::malformed, "not a multiple");
  expect_refused("ch", 33, ErrorCode::malformed, "share out evenly");
  expect_refused("resolution", 18, ErrorCode::malformed, "cannot be halved");
  expect_refused("n_embed", 65, ErrorCode::malformed, "fewer than the VQGAN's");
  expect_refused("ch_mult", nlohmann::json::array(), ErrorCode::malformed, "ch_mult");
  expect_refused("use_bias", true, ErrorCode::unsupported, "use_bias must be false");
  expect_refused("model_type", "bart", ErrorCode::unsupported, "not DALL-E");
}

// Of the sizes, the number of heads alone is in no tensor: each has 64 numbers.
TEST(DalleConfigFile, IsToldFromTensors) {
  nlohmann::json config = tiny_dalle();
  for (const char* key : {"encoder_attention_heads", "decoder_attention_heads"}) config[key] = 2;
  config["d_model"] = 128;
  config["vqgan_config"]["attn_resolutions"] = {4};
  const DalleConfig wanted = parsed_dalle(config);
  const TemporaryDirectory directory;
  directory.write("model.safetensors", empty_file(dalle_tensors(wanted)));
  const Checkpoint checkpoint = Checkpoint::open(directory.path());
  EXPECT_TRUE(is_dalle(checkpoint));
  EXPECT_EQ(dalle_config_as_json(infer_dalle_config(checkpoint)), dalle_config_as_json(wanted));
  EXPECT_STREQ(family_of(directory.path()).model_type, kDalleType);
}

// What a config.json is refused for, tensors are refused for as well.
TEST(DalleConfigFile, IsNotToldFromTensorsThatNoneHas) {
  nlohmann::json usual = tiny_dalle();
  for (const char* key : {"encoder_attention_heads", "decoder_attention_heads"}) usual[key] = 2;
  usual["d_model"] = 128;
  const auto expect_refused = [&](const DalleConfig& config, const std::string& part) {
    const TemporaryDirectory directory;
    directory.write("model.safetensors", empty_file(dalle_tensors(config)));
    expect_error(ErrorCode::malformed, part, [&] {
      static_cast<void>(infer_dalle_config(Checkpoint::open(directory.path())));
    });
  };
  DalleConfig config = parsed_dalle(usual);
  config.vqgan_config.ch = 48;
  expect_refused(config, "share out evenly");
  config = parsed_dalle(usual);
  config.vqgan_config.ch_mult.assign(kMaxVqganLevels + 1, 1);
  expect_refused(config, "more levels than any VQGAN");
}

TEST(DalleFlaxNames, BecomeMinDalles) {
  const auto name = [](const char* flax) { return kDalleFlaxNames.translated(flax); };
  EXPECT_EQ(name("model.encoder.layers.FlaxBartEncoderLayers.LayerNorm_0.bias#3"),
            "encoder.layers.3.pre_self_attn_layer_norm.bias");
  EXPECT_EQ(
      name(
          "params.model.decoder.layers.FlaxBartDecoderLayers.FlaxBartAttention_1.q_proj.weight#11"),
      "decoder.layers.11.encoder_attn.q_proj.weight");
  EXPECT_EQ(name("model.decoder.layers.FlaxBartDecoderLayers.GLU_0.Dense_2.weight#0"),
            "decoder.layers.0.glu.fc2.weight");
  EXPECT_EQ(name("lm_head.weight"), "decoder.lm_head.weight");
  EXPECT_EQ(name("vqgan.decoder.up_4.attn_1.proj_out.weight"),
            "vqgan.decoder.up.4.attn.1.proj_out.weight");
  EXPECT_EQ(name("vqgan.decoder.mid.block_1.conv1.bias"), "vqgan.decoder.mid.block_1.conv1.bias");
  EXPECT_EQ(name("vqgan.quantize.embedding.weight"), "vqgan.embedding.weight");
  EXPECT_TRUE(kDalleFlaxNames.is_training_only("vqgan.encoder.conv_in.bias"));
  EXPECT_FALSE(kDalleFlaxNames.is_training_only("vqgan.decoder.conv_in.bias"));
  EXPECT_FALSE(kDalleFlaxNames.is_original("decoder.layers.0.glu.fc2.weight"));
}

}  // namespace
}  // namespace blip
