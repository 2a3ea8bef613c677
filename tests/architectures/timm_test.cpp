// timm's vision transformers: what their tensors and config.json tell, and what is refused. The
// numbers are compared in tests/tasks/timm_test.cpp.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "architectures/registry.hpp"
#include "architectures/vit/architectures.hpp"
#include "architectures/vit/dinov2_names.hpp"
#include "architectures/vit/timm_config.hpp"
#include "architectures/vit/timm_transform.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using Shape = std::vector<std::int64_t>;
using Tensors = std::vector<std::pair<std::string, Shape>>;

// Two layers of 128 numbers, two heads of 64; 16 patches of 8 px.
Tensors vit_tensors_of_timm() {
  Tensors tensors = {{"cls_token", {1, 1, 128}},
                     {"pos_embed", {1, 17, 128}},
                     {"patch_embed.proj.weight", {128, 3, 8, 8}},
                     {"patch_embed.proj.bias", {128}},
                     {"norm.weight", {128}},
                     {"norm.bias", {128}},
                     {"head.weight", {5, 128}},
                     {"head.bias", {5}}};
  for (const char* block : {"blocks.0.", "blocks.1."}) {
    const std::string prefix = block;
    for (const char* norm : {"norm1", "norm2"}) {
      tensors.emplace_back(prefix + norm + ".weight", Shape{128});
      tensors.emplace_back(prefix + norm + ".bias", Shape{128});
    }
    tensors.emplace_back(prefix + "attn.qkv.weight", Shape{384, 128});
    tensors.emplace_back(prefix + "attn.qkv.bias", Shape{384});
    tensors.emplace_back(prefix + "attn.proj.weight", Shape{128, 128});
    tensors.emplace_back(prefix + "attn.proj.bias", Shape{128});
    tensors.emplace_back(prefix + "mlp.fc1.weight", Shape{256, 128});
    tensors.emplace_back(prefix + "mlp.fc1.bias", Shape{256});
    tensors.emplace_back(prefix + "mlp.fc2.weight", Shape{128, 256});
    tensors.emplace_back(prefix + "mlp.fc2.bias", Shape{128});
  }
  return tensors;
}

void write_zeros(const TemporaryDirectory& directory, const Tensors& tensors) {
  std::vector<SafetensorsPlace> places;
  std::size_t bytes = 0;
  for (const auto& [name, shape] : tensors) {
    places.push_back({name, DType::f32, shape});
    std::size_t count = sizeof(float);
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    bytes += count;
  }
  directory.write("model.safetensors", safetensors_header(places) + std::string(bytes, '\0'));
}

void set_shape(Tensors& tensors, const std::string& name, Shape shape) {
  for (auto& tensor : tensors) {
    if (tensor.first == name) tensor.second = std::move(shape);
  }
}

ViTConfig config_of(const Tensors& tensors) {
  const TemporaryDirectory directory;
  write_zeros(directory, tensors);
  return ViTConfig::from_pretrained(directory.path());
}

TEST(TimmConfig, IsToldFromTheTensorsAlone) {
  const ViTConfig config = config_of(vit_tensors_of_timm());
  EXPECT_EQ(config.model_type, "timm_wrapper");
  EXPECT_EQ(config.architecture, "TimmWrapperForImageClassification");
  EXPECT_EQ(config.hidden_size, 128);
  EXPECT_EQ(config.intermediate_size, 256);
  EXPECT_EQ(config.num_hidden_layers, 2);
  EXPECT_EQ(config.num_attention_heads, 2);
  EXPECT_EQ(config.image_size, 32);
  EXPECT_EQ(config.labels.size(), 5);
  EXPECT_FALSE(config.use_swiglu_ffn);
  EXPECT_TRUE(config.timm->token_positions);
  EXPECT_EQ(config.layer_norm_eps, 1e-6F);

  Tensors without_class_position = vit_tensors_of_timm();
  set_shape(without_class_position, "pos_embed", {1, 16, 128});
  without_class_position.emplace_back("reg_token", Shape{1, 4, 128});
  const ViTConfig registers = config_of(without_class_position);
  EXPECT_FALSE(registers.timm->token_positions);
  EXPECT_EQ(registers.num_register_tokens, 4);
}

TEST(TimmConfig, NamesImageNetsClasses) {
  Tensors tensors = vit_tensors_of_timm();
  set_shape(tensors, "head.weight", {1000, 128});
  set_shape(tensors, "head.bias", {1000});
  const ViTConfig config = config_of(tensors);
  ASSERT_EQ(config.labels.size(), 1000);
  EXPECT_EQ(config.labels[0], "tench, Tinca tinca");
  EXPECT_EQ(config.labels[281], "tabby, tabby cat");
}

TEST(TimmConfig, WrittenForABareFileIsReadAgain) {
  const TemporaryDirectory directory;
  write_zeros(directory, vit_tensors_of_timm());
  const ModelFamily& family = family_of(directory.path());
  EXPECT_STREQ(family.model_type, "timm_wrapper");
  EXPECT_EQ(family.describe(directory.path()).layout, "timm");
  const ImageProcessorConfig before = family.image_processor_config(directory.path());
  EXPECT_EQ(before.size.shortest_edge, 36);  // floor(32 / 0.875)
  directory.write("config.json", family.inferred_config(Checkpoint::open(directory.path())));
  EXPECT_STREQ(family_of(directory.path()).model_type, "timm_wrapper");
  EXPECT_EQ(family.describe(directory.path()).layout, "timm, vit_base_patch16_224");
  EXPECT_EQ(ViTConfig::from_pretrained(directory.path()).num_attention_heads, 2);
  EXPECT_EQ(family.image_processor_config(directory.path()), before);
}

TEST(TimmConfig, RefusesTransformersThatItIsNot) {
  const auto refuse = [](ErrorCode code, const std::string& part, const Tensors& tensors) {
    SCOPED_TRACE(part);
    expect_error(code, part, [&] { static_cast<void>(config_of(tensors)); });
  };
  for (const char* foreign : {"fc_norm.weight", "attn_pool.q.weight", "blocks.0.attn.q_norm.weight",
                              "blocks.0.attn.relative_position_bias_table"}) {
    Tensors tensors = vit_tensors_of_timm();
    tensors.emplace_back(foreign, Shape{128});
    refuse(ErrorCode::unsupported, foreign, tensors);
  }
  Tensors registers = vit_tensors_of_timm();
  registers.emplace_back("reg_token", Shape{1, 4, 128});
  set_shape(registers, "pos_embed", {1, 21, 128});
  refuse(ErrorCode::unsupported, "positions of registers", registers);
  Tensors no_square = vit_tensors_of_timm();
  set_shape(no_square, "pos_embed", {1, 19, 128});
  refuse(ErrorCode::malformed, "no square", no_square);
  Tensors flat = vit_tensors_of_timm();
  set_shape(flat, "patch_embed.proj.weight", {128, 192});
  refuse(ErrorCode::malformed, "shape that no ViT has", flat);
  Tensors odd = vit_tensors_of_timm();
  set_shape(odd, "patch_embed.proj.weight", {100, 3, 8, 8});
  refuse(ErrorCode::unsupported, "no multiple of 64", odd);
}

TEST(TimmConfig, LaysItsFileOverTheTensors) {
  const auto apply = [](const std::string& json) {
    ViTConfig config = config_of(vit_tensors_of_timm());
    apply_timm_config(json, "config.json", config);
    return config;
  };
  const ViTConfig clip = apply(
      R"({"architecture": "vit_base_patch32_clip_quickgelu_224", "num_classes": 5,
          "model_args": {"num_heads": 4}})");
  EXPECT_EQ(clip.layer_norm_eps, 1e-5F);
  EXPECT_EQ(clip.hidden_act, "quick_gelu");
  EXPECT_EQ(clip.num_attention_heads, 4);

  const auto refuse = [&](ErrorCode code, const std::string& part, const std::string& json) {
    SCOPED_TRACE(json);
    expect_error(code, part, [&] { static_cast<void>(apply(json)); });
  };
  refuse(ErrorCode::unsupported, "\"resnet50\" is not supported",
         R"({"architecture": "resnet50"})");
  refuse(ErrorCode::unsupported, "architecture", "{}");
  refuse(ErrorCode::unsupported, "is not supported",
         R"({"architecture": "vit_base_patch16_rope_224"})");
  refuse(ErrorCode::unsupported, "global_pool",
         R"({"architecture": "vit_base_patch16_224", "global_pool": "avg"})");
  refuse(ErrorCode::malformed, "num_classes",
         R"({"architecture": "vit_base_patch16_224", "num_classes": 1000})");
  refuse(ErrorCode::malformed, "num_classes",
         R"({"architecture": "vit_base_patch16_224", "num_classes": -1})");
  refuse(ErrorCode::malformed, "label_names",
         R"({"architecture": "vit_base_patch16_224", "label_names": ["a"]})");
  refuse(ErrorCode::malformed, "label_names",
         R"({"architecture": "vit_base_patch16_224", "label_names": [1, 2, 3, 4, 5]})");
  refuse(ErrorCode::malformed, "not a multiple",
         R"({"architecture": "vit_base_patch16_224", "model_args": {"num_heads": 7}})");
}

TEST(TimmTransform, IsReadOrRefused) {
  const auto parse = [](const std::string& fields) {
    return parse_timm_transform(R"({"pretrained_cfg": {)" + fields + "}}", "config.json");
  };
  const ImageProcessorConfig config = parse(R"("input_size": [3, 384, 384], "crop_pct": 0.9)");
  EXPECT_EQ(config.size.shortest_edge, 426);
  EXPECT_EQ(config.crop_width, 384);
  EXPECT_EQ(config.resample, Resample::bicubic);
  EXPECT_EQ(config.image_mean[0], 0.485F);
  EXPECT_EQ(parse("").size.shortest_edge, 256);

  const auto refuse = [&](ErrorCode code, const std::string& part, const std::string& fields) {
    SCOPED_TRACE(fields);
    expect_error(code, part, [&] { static_cast<void>(parse(fields)); });
  };
  refuse(ErrorCode::unsupported, "input_size", R"("input_size": [3, 224, 192])");
  refuse(ErrorCode::unsupported, "input_size", R"("input_size": [1, 224, 224])");
  refuse(ErrorCode::malformed, "input_size", R"("input_size": 224)");
  refuse(ErrorCode::malformed, "input_size", R"("input_size": [3, 1e9, 1e9])");
  refuse(ErrorCode::malformed, "crop_pct", R"("crop_pct": 0)");
  refuse(ErrorCode::malformed, "crop_pct", R"("crop_pct": 1.5)");
  refuse(ErrorCode::unsupported, "crop_mode", R"("crop_mode": "border")");
  refuse(ErrorCode::unsupported, "interpolation", R"("interpolation": "random")");
  refuse(ErrorCode::malformed, "std", R"("std": [0, 1, 1])");
  refuse(ErrorCode::malformed, "mean", R"("mean": [1, 1])");
  expect_error(ErrorCode::malformed, "pretrained_cfg",
               [] { static_cast<void>(parse_timm_transform("{}", "config.json")); });
}

// Without registers Facebook's positions are not antialiased, timm's are.
TEST(TimmConfig, KeepsFacebooksResamplingWhenWritten) {
  const TemporaryDirectory directory;
  const Tensors tensors = vit_tensors_of_timm();
  write_zeros(directory, tensors);
  const auto resampling = [&] {
    const ViTConfig config = ViTConfig::from_pretrained(directory.path());
    return vision_transformer_of(config, "").resampling;
  };
  EXPECT_EQ(resampling(), PositionResampling::antialiased_bicubic);
  Tensors facebook = tensors;
  facebook.emplace_back("mask_token", Shape{1, 128});
  write_zeros(directory, facebook);
  EXPECT_EQ(resampling(), PositionResampling::bicubic);
  const ModelFamily& family = family_of(directory.path());
  EXPECT_EQ(family.describe(directory.path()).layout, "Facebook's DINOv2");
  const std::string config = family.inferred_config(Checkpoint::open(directory.path()));
  write_zeros(directory, tensors);  // as it is converted: by timm's names
  directory.write("config.json", config);
  EXPECT_EQ(resampling(), PositionResampling::bicubic);
}

TEST(Dinov2OriginalNames, BecomeTimms) {
  const auto translated = kDinov2OriginalNames.translated;
  EXPECT_EQ(translated("blocks.0.3.norm1.weight"), "blocks.3.norm1.weight");
  EXPECT_EQ(translated("blocks.11.norm1.weight"), "blocks.11.norm1.weight");
  EXPECT_EQ(translated("blocks.2.14.mlp.w12.bias"), "blocks.14.mlp.fc1.bias");
  EXPECT_EQ(translated("blocks.7.mlp.w3.weight"), "blocks.7.mlp.fc2.weight");
  EXPECT_EQ(translated("register_tokens"), "reg_token");
  EXPECT_EQ(translated("blocks."), "blocks.");
  EXPECT_EQ(translated("blocks.0.."), "blocks.0..");
  const auto is_original = kDinov2OriginalNames.is_original;
  EXPECT_TRUE(is_original("mask_token"));
  EXPECT_TRUE(is_original("blocks.0.3.ls1.gamma"));
  EXPECT_FALSE(is_original("blocks.3.ls1.gamma"));
  EXPECT_FALSE(is_original("reg_token"));
  EXPECT_TRUE(kDinov2OriginalNames.is_training_only("mask_token"));
}

}  // namespace
}  // namespace blip
