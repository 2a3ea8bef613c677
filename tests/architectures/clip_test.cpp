// CLIP's and ViT's configurations, and CLIP's original names and files without a configuration.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/blip/config_writer.hpp"
#include "architectures/chinese_clip/config.hpp"
#include "architectures/clip/config.hpp"
#include "architectures/clip/infer_config.hpp"
#include "architectures/clip/original_names.hpp"
#include "architectures/clip/towers.hpp"
#include "architectures/expected_tensors.hpp"
#include "architectures/image_processor_config.hpp"
#include "architectures/registry.hpp"
#include "architectures/vit/config.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

TEST(ClipConfig, FillsInWhatPartialFilesLeaveOut) {
  const CLIPConfig config = parse_clip_config(
      R"({"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 768,
          "text_config": {"hidden_size": 768, "num_attention_heads": 12, "eos_token_id": 2},
          "vision_config": {"hidden_size": 1024, "num_attention_heads": 16, "patch_size": 14}})",
      "config.json");
  EXPECT_EQ(config.text_config.hidden_size, 768);
  EXPECT_EQ(config.text_config.intermediate_size, 2048);
  EXPECT_EQ(config.text_config.vocab_size, 49408);
  EXPECT_EQ(config.text_config.eos_token_id, 2);
  EXPECT_EQ(config.vision_config.image_size, 224);
  EXPECT_EQ(config.vision_config.hidden_act, "quick_gelu");
  EXPECT_EQ(config.projection_dim, 768);
}

// The object of 2021 counts where a file has both, with its own class's defaults.
TEST(ClipConfig, TakesTheOlderObjectWhereThereIsOne) {
  const CLIPConfig config = parse_clip_config(
      R"({"model_type": "clip", "text_config": {"hidden_size": 128, "num_hidden_layers": 3},
          "text_config_dict": {"hidden_size": 256}, "vision_config_dict": null,
          "vision_config": {"hidden_size": 96}})",
      "config.json");
  EXPECT_EQ(config.text_config.hidden_size, 256);
  EXPECT_EQ(config.text_config.num_hidden_layers, 12);
  EXPECT_EQ(config.vision_config.hidden_size, 96);
}

TEST(ClipConfig, OfOneTowerIsAtTheTop) {
  const CLIPConfig config = parse_clip_config(
      R"({"model_type": "clip_vision_model", "hidden_size": 80, "num_attention_heads": 5,
          "projection_dim": 7})",
      "config.json");
  EXPECT_EQ(config.vision_config.hidden_size, 80);
  EXPECT_EQ(config.projection_dim, 7);
}

TEST(ClipConfig, RefusesWhatItCannotBe) {
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& json) {
    SCOPED_TRACE(json);
    expect_error(code, part, [&] { static_cast<void>(parse_clip_config(json, "config.json")); });
  };
  const auto vision = [](const std::string& fields) {
    return R"({"model_type": "clip", "vision_config": {)" + fields + "}}";
  };
  refuse(ErrorCode::unsupported, "is a \"blip\" model, not CLIP", R"({"model_type": "blip"})");
  refuse(ErrorCode::unsupported, "has no model_type", "{}");
  refuse(ErrorCode::malformed, "num_hidden_layers", vision(R"("num_hidden_layers": 1000000)"));
  refuse(ErrorCode::malformed, "hidden_size", vision(R"("hidden_size": 1e9)"));
  refuse(ErrorCode::malformed, "is not a multiple", vision(R"("num_attention_heads": 7)"));
  refuse(ErrorCode::malformed, "smaller than the patch_size", vision(R"("image_size": 20)"));
  refuse(ErrorCode::unsupported, "num_channels", vision(R"("num_channels": 1)"));
  refuse(ErrorCode::unsupported, "\"relu\" is not supported", vision(R"("hidden_act": "relu")"));
  refuse(ErrorCode::malformed, "patch_size", vision(R"("patch_size": 0)"));
}

TEST(VitConfig, HasTheDefaultsOfItsClass) {
  const ViTConfig vit = parse_vit_config(R"({"model_type": "vit"})", "config.json");
  EXPECT_EQ(vit.layer_norm_eps, 1e-12F);
  EXPECT_EQ(vit.patch_size, 16);
  EXPECT_EQ(vit.labels, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
  const ViTConfig dino = parse_vit_config(
      R"({"model_type": "dinov2", "hidden_size": 1536, "num_attention_heads": 24,
          "use_swiglu_ffn": true})",
      "config.json");
  EXPECT_EQ(dino.layer_norm_eps, 1e-6F);
  EXPECT_EQ(dino.patch_size, 14);
  EXPECT_EQ(dino.intermediate_size, 4096);  // giant's
  EXPECT_EQ(dino.num_register_tokens, 0);
  const ViTConfig registers =
      parse_vit_config(R"({"model_type": "dinov2_with_registers"})", "config.json");
  EXPECT_EQ(registers.num_register_tokens, 4);
  EXPECT_EQ(registers.intermediate_size, 3072);
}

TEST(VitConfig, RefusesWhatItCannotBe) {
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& json) {
    SCOPED_TRACE(json);
    expect_error(code, part, [&] { static_cast<void>(parse_vit_config(json, "config.json")); });
  };
  refuse(ErrorCode::unsupported, "not a ViT", R"({"model_type": "clip"})");
  refuse(ErrorCode::malformed, "mlp_ratio", R"({"model_type": "dinov2", "mlp_ratio": 1e9})");
  refuse(ErrorCode::malformed, "feed-forward width",
         R"({"model_type": "dinov2", "hidden_size": 60000, "num_attention_heads": 1,
             "mlp_ratio": 900})");
  refuse(ErrorCode::malformed, "num_register_tokens",
         R"({"model_type": "dinov2_with_registers", "num_register_tokens": 1000000})");
  refuse(ErrorCode::malformed, "id2label", R"({"model_type": "vit", "id2label": {"1": "a"}})");
}

TEST(ClipOriginalNames, BecomeTransformers) {
  const auto translated = kClipOriginalNames.translated;
  EXPECT_EQ(translated("visual.transformer.resblocks.11.ln_1.weight"),
            "vision_model.encoder.layers.11.layer_norm1.weight");
  EXPECT_EQ(translated("module.transformer.resblocks.0.mlp.c_proj.bias"),
            "text_model.encoder.layers.0.mlp.fc2.bias");
  EXPECT_EQ(translated("text.transformer.resblocks.3.attn.out_proj.weight"),
            "text_model.encoder.layers.3.self_attn.out_proj.weight");
  EXPECT_EQ(translated("visual.proj"), "visual_projection.weight");
  EXPECT_EQ(translated("visual.ln_pre.bias"), "vision_model.pre_layrnorm.bias");
  EXPECT_EQ(translated("positional_embedding"), "text_model.embeddings.position_embedding.weight");
  EXPECT_EQ(translated("logit_scale"), "logit_scale");
  EXPECT_EQ(kClipOriginalNames.parts("text_model.encoder.layers.0.self_attn.in_proj_bias"),
            (std::vector<std::string>{"text_model.encoder.layers.0.self_attn.q_proj.bias",
                                      "text_model.encoder.layers.0.self_attn.k_proj.bias",
                                      "text_model.encoder.layers.0.self_attn.v_proj.bias"}));
  EXPECT_TRUE(kClipOriginalNames.parts("text_model.final_layer_norm.bias").empty());
  EXPECT_TRUE(kClipOriginalNames.is_training_only("input_resolution"));
  EXPECT_FALSE(kClipOriginalNames.is_original("vision_model.pre_layrnorm.bias"));
}

// Of open_clip's names, all values in order, so that what is cut and turned shows.
class OpenClipFile {
 public:
  explicit OpenClipFile(bool from_openai, std::int64_t tokens = 40, std::int64_t text_width = 64) {
    add("visual.class_embedding", {64});
    add("visual.positional_embedding", {10, 64});
    add("visual.proj", {64, 3});
    add("visual.conv1.weight", {64, 3, 8, 8});
    add_norm("visual.ln_pre", 64);
    add_norm("visual.ln_post", 64);
    add_norm("ln_final", text_width);
    add_block("visual.transformer.resblocks.0.", 64);
    add_block("transformer.resblocks.0.", text_width);
    add("positional_embedding", {12, text_width});
    add("token_embedding.weight", {tokens, text_width});
    add("text_projection", {text_width, 3});
    add("logit_scale", {});
    if (from_openai) add("input_resolution", {});
    directory_.write("open_clip_model.safetensors", safetensors_header(places_) + data_);
  }

  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    places_.push_back({name, DType::f32, shape});
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<float>(i);
      data_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  void add_norm(const std::string& name, std::int64_t width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  void add_block(const std::string& block, std::int64_t width) {
    add_norm(block + "ln_1", width);
    add_norm(block + "ln_2", width);
    add(block + "attn.in_proj_weight", {3 * width, width});
    add(block + "attn.in_proj_bias", {3 * width});
    add_linear(block + "attn.out_proj", width, width);
    add_linear(block + "mlp.c_fc", 2 * width, width);
    add_linear(block + "mlp.c_proj", width, 2 * width);
  }
  void add_linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    add(name + ".weight", {outputs, inputs});
    add(name + ".bias", {outputs});
  }

  TemporaryDirectory directory_;
  std::vector<SafetensorsPlace> places_;
  std::string data_;
};

TEST(OpenClip, IsReadByTransformersNames) {
  const OpenClipFile file(/*from_openai=*/false);
  const Checkpoint checkpoint = Checkpoint::open(file.directory().path());
  EXPECT_TRUE(checkpoint.has_original_names());
  const auto value = [&](const char* name, std::size_t index) {
    const CheckpointTensor* tensor = checkpoint.find(name);
    return tensor == nullptr ? -1.0F : reinterpret_cast<const float*>(tensor->bytes.data())[index];
  };
  EXPECT_EQ(value("text_model.encoder.layers.0.self_attn.k_proj.bias", 1), 65.0F);
  EXPECT_EQ(value("vision_model.encoder.layers.0.self_attn.v_proj.weight", 0), 128.0F * 64.0F);
  // [64, 3] → [3, 64]
  EXPECT_EQ(checkpoint.find("visual_projection.weight")->shape, (std::vector<std::int64_t>{3, 64}));
  EXPECT_EQ(value("visual_projection.weight", 1), 3.0F);
  EXPECT_EQ(value("text_projection.weight", 64), 1.0F);

  const ModelFamily& family = family_of(file.directory().path());
  EXPECT_STREQ(family.model_type, "clip");
  const TensorDifferences found =
      compare(checkpoint, family.expected_tensors(file.directory().path()));
  EXPECT_TRUE(found.missing.empty());
  EXPECT_TRUE(found.unfitting.empty());
  EXPECT_TRUE(found.unused.empty());
}

TEST(OpenClip, TellsItsConfiguration) {
  const OpenClipFile openai(/*from_openai=*/true);
  const CLIPConfig told = CLIPConfig::from_pretrained(openai.directory().path());
  EXPECT_EQ(told.vision_config.image_size, 24);
  EXPECT_EQ(told.vision_config.num_attention_heads, 1);
  EXPECT_EQ(told.text_config.max_position_embeddings, 12);
  EXPECT_EQ(told.text_config.eos_token_id, 2);
  EXPECT_EQ(told.projection_dim, 3);
  EXPECT_EQ(told.vision_config.hidden_act, "quick_gelu");

  const OpenClipFile other(/*from_openai=*/false);
  EXPECT_EQ(CLIPConfig::from_pretrained(other.directory().path()).text_config.hidden_act, "gelu");
  other.directory().write("open_clip_config.json",
                          R"({"model_cfg": {"quick_gelu": true, "vision_cfg": {"head_width": 16},
                              "text_cfg": {"heads": 2}}})");
  const CLIPConfig config = CLIPConfig::from_pretrained(other.directory().path());
  EXPECT_EQ(config.vision_config.num_attention_heads, 4);
  EXPECT_EQ(config.text_config.num_attention_heads, 2);
  EXPECT_EQ(config.vision_config.hidden_act, "quick_gelu");
  // What is written is read again.
  const CLIPConfig again = parse_clip_config(clip_config_as_json(config), "config.json");
  EXPECT_EQ(again.vision_config.num_attention_heads, 4);
  EXPECT_EQ(again.text_config.eos_token_id, 2);

  other.directory().write("open_clip_config.json", R"({"model_cfg": {"text_cfg": {"heads": 5}}})");
  expect_error(ErrorCode::malformed, "not a multiple of the 5",
               [&] { static_cast<void>(CLIPConfig::from_pretrained(other.directory().path())); });
  other.directory().write("open_clip_config.json",
                          R"({"model_cfg": {"vision_cfg": {"timm_model_name": "vit"}}})");
  expect_error(ErrorCode::unsupported, "timm_model_name",
               [&] { static_cast<void>(CLIPConfig::from_pretrained(other.directory().path())); });
}

// A width that is no multiple of the usual 64 is a question only where no configuration answers it.
TEST(OpenClip, HasTheHeadsThatItsConfigurationNames) {
  const OpenClipFile file(/*from_openai=*/false, /*tokens=*/40, /*text_width=*/48);
  expect_error(ErrorCode::unsupported, "width, 48, is no multiple of 64",
               [&] { static_cast<void>(CLIPConfig::from_pretrained(file.directory().path())); });
  file.directory().write("open_clip_config.json", R"({"model_cfg": {"text_cfg": {"heads": 4}}})");
  const CLIPConfig config = CLIPConfig::from_pretrained(file.directory().path());
  EXPECT_EQ(config.text_config.num_attention_heads, 4);
  EXPECT_EQ(config.vision_config.num_attention_heads, 1);
}

TEST(OpenClip, PreparesPicturesAsItsFilesSay) {
  const OpenClipFile file(/*from_openai=*/false);
  const auto config = [&] {
    return family_of(file.directory().path()).image_processor_config(file.directory().path());
  };
  EXPECT_EQ(config().size.shortest_edge, 24);
  EXPECT_EQ(config().crop_offset, CropOffset::rounded_to_even);
  EXPECT_EQ(config().image_std[0], 0.26862954F);
  // As `blip convert` writes it.
  EXPECT_EQ(parse_image_processor_config(image_processor_as_json(config()), "written", ""),
            config());

  file.directory().write("open_clip_config.json", R"({"model_cfg": {}, "preprocess_cfg": {
      "mean": [0.5, 0.4, 0.3], "std": 0.5, "interpolation": "bilinear", "resize_mode": "squash"}})");
  EXPECT_EQ(config().size, (ImageResize{.height = 24, .width = 24}));
  EXPECT_FALSE(config().do_center_crop);
  EXPECT_EQ(config().resample, Resample::bilinear);
  EXPECT_EQ(config().image_mean, (std::array<float, 3>{0.5F, 0.4F, 0.3F}));
  EXPECT_EQ(config().image_std, (std::array<float, 3>{0.5F, 0.5F, 0.5F}));

  const auto refuse = [&](ErrorCode code, const std::string& part, const std::string& fields) {
    file.directory().write("open_clip_config.json",
                           R"({"model_cfg": {}, "preprocess_cfg": {)" + fields + "}}");
    expect_error(code, part, [&] { static_cast<void>(config()); });
  };
  refuse(ErrorCode::unsupported, "resize_mode", R"("resize_mode": "longest")");
  refuse(ErrorCode::unsupported, "interpolation", R"("interpolation": "lanczos")");
  refuse(ErrorCode::malformed, "std", R"("std": [0, 1, 1])");
  refuse(ErrorCode::malformed, "mean", R"("mean": "grey")");

  // transformers' own file wins.
  file.directory().write("preprocessor_config.json", R"({"size": 32, "crop_size": 24})");
  EXPECT_EQ(config().size.shortest_edge, 32);
  EXPECT_EQ(config().crop_offset, CropOffset::rounded_down);
}

TEST(OpenClip, IsNamedAsALayout) {
  const auto layout_of = [](const OpenClipFile& file) {
    return family_of(file.directory().path()).describe(file.directory().path()).layout;
  };
  EXPECT_EQ(layout_of(OpenClipFile(/*from_openai=*/false)), "open_clip");
  EXPECT_EQ(layout_of(OpenClipFile(/*from_openai=*/true)), "OpenAI's TorchScript archive");
}

TEST(OpenClip, WithoutATokenizerHasTheBundledOne) {
  const OpenClipFile file(/*from_openai=*/true, 49'408);
  const ModelFamily& family = family_of(file.directory().path());
  const auto tokenizer = family.open_tokenizer(file.directory().path(), {});
  EXPECT_EQ(tokenizer->encode("a photo of a cat"),
            (std::vector<TokenId>{49406, 320, 1125, 539, 320, 2368, 49407}));
  EXPECT_EQ(tokenizer->encode("na\u00efve caf\u00e9"),
            (std::vector<TokenId>{49406, 1097, 35689, 563, 15304, 49407}));
  EXPECT_EQ(tokenizer->vocab_size(), 49'408);
  // It fits no other vocabulary.
  const OpenClipFile other(/*from_openai=*/true);
  expect_error(ErrorCode::not_found, "none of tokenizer.json",
               [&] { static_cast<void>(family.open_tokenizer(other.directory().path(), {})); });
}

TEST(ChineseClipConfig, IsReadOrRefused) {
  const ChineseCLIPConfig config = parse_chinese_clip_config(
      R"({"model_type": "chinese_clip", "architectures": ["ChineseCLIPModel"],
          "text_config": {"vocab_size": 21128}, "vision_config": {"patch_size": 16}})",
      "config.json");
  EXPECT_EQ(config.text_config.vocab_size, 21128);
  EXPECT_EQ(config.text_config.num_attention_heads, 12);
  EXPECT_EQ(config.text_config.layer_norm_eps, 1e-12F);
  EXPECT_EQ(config.vision_config.patch_size, 16);
  EXPECT_EQ(config.vision_config.layer_norm_eps, 1e-5F);
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& fields) {
    SCOPED_TRACE(fields);
    expect_error(code, part, [&] {
      static_cast<void>(parse_chinese_clip_config(R"({"model_type": "chinese_clip")" + fields + "}",
                                                  "config.json"));
    });
  };
  refuse(ErrorCode::unsupported, "hidden_act", R"(, "text_config": {"hidden_act": "relu"})");
  refuse(ErrorCode::malformed, "not a multiple", R"(, "text_config": {"num_attention_heads": 7})");
  refuse(ErrorCode::malformed, "type_vocab_size", R"(, "text_config": {"type_vocab_size": 0})");
  refuse(ErrorCode::malformed, "patch_size", R"(, "vision_config": {"patch_size": 0})");
  expect_error(ErrorCode::unsupported, "not Chinese-CLIP", [] {
    static_cast<void>(parse_chinese_clip_config(R"({"model_type": "clip"})", "config.json"));
  });
}

// The sizes of published checkpoints of other people, told from their config.json.
TEST(ClipConfig, CountsTheParametersOfPublishedModels) {
  const auto parameters = [](const std::string& json) {
    return parameter_count(clip_tensors(parse_clip_config(json, "config.json")));
  };
  // wkcn/TinyCLIP-ViT-40M-32-Text-19M and -8M-16-Text-3M
  EXPECT_EQ(parameters(R"({"model_type": "clip", "text_config": {"num_hidden_layers": 6},
      "vision_config": {"hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8}})"),
            84'205'569);
  EXPECT_EQ(parameters(R"({"model_type": "clip", "projection_dim": 512,
      "text_config": {"num_hidden_layers": 3, "hidden_size": 256, "intermediate_size": 1024,
                      "num_attention_heads": 4},
      "vision_config": {"hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 10,
                        "num_attention_heads": 4, "patch_size": 16}})"),
            23'446'017);
  // facebook/metaclip-b32-400m has OpenAI's sizes.
  EXPECT_EQ(parameters(R"({"model_type": "clip", "text_config": {"eos_token_id": 2}})"),
            151'277'313);
}

TEST(OpenClip, WithAResNetIsRefusedByName) {
  TemporaryDirectory directory;
  const std::vector<SafetensorsPlace> places = {{"visual.layer1.0.conv1.weight", DType::f32, {1}}};
  directory.write("model.safetensors", safetensors_header(places) + std::string(4, '\0'));
  expect_error(ErrorCode::unsupported, "a CLIP with a ResNet",
               [&] { static_cast<void>(family_of(directory.path()).describe(directory.path())); });
}

}  // namespace
}  // namespace blip
