// Vision transformers by timm's names and by those of Facebook's DINOv2, against timm and
// transformers, with weights made from the tensors' names (tools/reference/make_timm_fixtures.py).
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "architectures/registry.hpp"
#include "blip/image.hpp"
#include "blip/vit.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "filled_model.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/image_classifier.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

constexpr const char* kTimmGoldens = "timm.json";

Tensor own_size() {
  return filled_tensor("pixels", {2, 3, 32, 32});
}

Tensor other_size() {
  return filled_tensor("pixels-wide", {1, 3, 48, 40});
}

Tensor all_states(const std::vector<EncodedImage>& images) {
  const auto& shape = images[0].last_hidden_state().shape;
  Tensor all{{std::ssize(images), shape[0], shape[1]}, {}};
  for (const EncodedImage& image : images) {
    const auto& data = image.last_hidden_state().data;
    all.data.insert(all.data.end(), data.begin(), data.end());
  }
  return all;
}

class TimmModels : public ::testing::TestWithParam<const char*> {};

TEST_P(TimmModels, HaveTimmsStates) {
  const FilledModel filled(GetParam(), kTimmGoldens);
  Context context({.num_threads = 2});
  const ViTModel model = ViTModel::from_pretrained(filled.path());
  EXPECT_EQ(model.config().model_type, "timm_wrapper");
  const auto& golden = filled.golden();
  const auto images = model.encode_images(own_size(), context);
  expect_rows(all_states(images), golden.at("last_hidden_state"), 1e-5, "last_hidden_state");
  expect_rows(model.pooler_output(images, context), golden.at("pooler_output"), 1e-5, "pooler");
  const auto wide = model.encode_images(other_size(), context);
  expect_rows(all_states(wide), golden.at("wide_last_hidden_state"), 1e-5, "wide state");
  expect_rows(model.pooler_output(wide, context), golden.at("wide_pooler_output"), 1e-5, "wide");
}

TEST_P(TimmModels, HaveNothingMissingOrUnused) {
  const FilledModel filled(GetParam(), kTimmGoldens);
  const ModelFamily& family = family_of(filled.path());
  EXPECT_STREQ(family.model_type, "timm_wrapper");
  const TensorDifferences found =
      compare(Checkpoint::open(filled.path()), family.expected_tensors(filled.path()));
  EXPECT_TRUE(found.missing.empty());
  EXPECT_TRUE(found.unfitting.empty());
  EXPECT_TRUE(found.unused.empty());
}

INSTANTIATE_TEST_SUITE_P(Configurations, TimmModels,
                         ::testing::Values("timm_vit", "timm_no_bias", "timm_distilled",
                                           "timm_deit3", "timm_clip", "timm_dinov2",
                                           "timm_registers", "timm_swiglu"));

class TimmClassifiers : public ::testing::TestWithParam<const char*> {};

TEST_P(TimmClassifiers, HaveTimmsLogits) {
  const FilledModel filled(GetParam(), kTimmGoldens);
  Context context({.num_threads = 2});
  const auto model = ViTForImageClassification::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  expect_rows(model.logits(own_size(), context), filled.golden().at("logits"), 1e-5, "logits");
  expect_rows(model.logits(other_size(), context), filled.golden().at("wide_logits"), 1e-5, "wide");
}

TEST_P(TimmClassifiers, StayCloseInInt8) {
  const FilledModel filled(GetParam(), kTimmGoldens);
  Context context({.num_threads = 2});
  const auto model =
      ViTForImageClassification::from_pretrained(filled.path(), {.weight_type = WeightType::i8});
  expect_rows(model.logits(own_size(), context), filled.golden().at("logits"), 0.1, "logits");
}

INSTANTIATE_TEST_SUITE_P(Configurations, TimmClassifiers,
                         ::testing::Values("timm_vit", "timm_no_bias", "timm_distilled",
                                           "timm_deit3", "timm_clip", "timm_swiglu"));

TEST(Timm, WithoutAHeadHasNoClassesButEmbeds) {
  const FilledModel filled("timm_dinov2", kTimmGoldens);
  expect_error(ErrorCode::unsupported, "is a TimmWrapperModel, which has no classes",
               [&] { static_cast<void>(open_image_classifier(filled.path(), {})); });
  const auto encoder = open_dual_encoder(filled.path(), {});
  EXPECT_EQ(encoder->architecture(), "TimmWrapperModel");
}

TEST(Timm, TakesTheNamesOfClassesWhereThereAreSome) {
  const FilledModel filled("timm_vit", kTimmGoldens);
  EXPECT_EQ(open_image_classifier(filled.path(), {})->labels()[6], "LABEL_6");
  nlohmann::json config = filled.golden().at("config");
  config["label_names"] = {"a", "b", "c", "d", "e", "f", "g"};
  filled.directory().write("config.json", config.dump());
  EXPECT_EQ(open_image_classifier(filled.path(), {})->labels()[6], "g");
}

// The bytes that tools/reference/make_timm_fixtures.py makes a picture of.
Image filled_picture(int width, int height) {
  std::vector<std::uint8_t> bytes;
  for (const float value : filled_values("picture", static_cast<std::size_t>(width) * height * 3)) {
    bytes.push_back(static_cast<std::uint8_t>((value + 1.0F) * 127.5F));
  }
  return Image(width, height, std::move(bytes));
}

TEST(TimmTransform, MakesTimmsPixels) {
  const nlohmann::json golden = read_golden(kTimmGoldens).at("transforms");
  for (const auto& [name, entry] : golden.items()) {
    SCOPED_TRACE(name);
    const FilledModel filled("timm_dinov2", kTimmGoldens);
    filled.directory().write("config.json", entry.at("config").dump());
    const auto processor = family_of(filled.path()).open_image_processor(filled.path());
    for (const auto& [size, wanted] : entry.at("pixels").items()) {
      const std::size_t cross = size.find('x');
      const std::vector<Image> pictures = {
          filled_picture(std::stoi(size.substr(0, cross)), std::stoi(size.substr(cross + 1)))};
      const Tensor pixels = (*processor)(pictures);
      std::vector<float> kept;
      for (std::size_t i = 0; i < pixels.data.size(); i += 29) kept.push_back(pixels.data[i]);
      expect_values(kept, wanted, 1e-6, size);
    }
  }
}

// A model of transformers by Facebook's names: query, key and value stacked, blocks in chunks of
// one if they are to be.
class FacebookFile {
 public:
  FacebookFile(const FilledModel& filled, bool in_chunks)
      : checkpoint_(Checkpoint::open(filled.path())) {
    for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
      std::string name = tensor.name;
      if (name.find("attention.attention.") != std::string::npos) continue;  // below
      for (const auto& [before, after] : kNames) {
        const std::size_t at = name.find(before);
        if (at != std::string::npos) name.replace(at, std::string(before).size(), after);
      }
      add(in_chunks ? chunked(name) : name, {&tensor}, tensor.shape);
    }
    for (int layer = 0; layer < 2; ++layer) {
      for (const char* kind : {".weight", ".bias"}) {
        const std::string part = "encoder.layer." + std::to_string(layer) + ".attention.attention.";
        std::vector<const CheckpointTensor*> parts;
        for (const char* of : {"query", "key", "value"}) {
          parts.push_back(checkpoint_.find(part + of + kind));
        }
        std::vector<std::int64_t> shape = parts[0]->shape;
        shape[0] *= 3;
        const std::string name = "blocks." + std::to_string(layer) + ".attn.qkv" + kind;
        add(in_chunks ? chunked(name) : name, parts, shape);
      }
    }
    places_.push_back({"mask_token", DType::f32, {1, 32}});
    data_.append(32 * sizeof(float), '\0');
    directory_.write("dinov2.safetensors", safetensors_header(places_) + data_);
  }

  [[nodiscard]] std::filesystem::path path() const {
    return directory_.path() / "dinov2.safetensors";
  }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  static constexpr std::pair<const char*, const char*> kNames[] = {
      {"embeddings.cls_token", "cls_token"},
      {"embeddings.mask_token", "mask_token"},
      {"embeddings.register_tokens", "register_tokens"},
      {"embeddings.position_embeddings", "pos_embed"},
      {"embeddings.patch_embeddings.projection", "patch_embed.proj"},
      {"encoder.layer.", "blocks."},
      {"attention.output.dense", "attn.proj"},
      {"layer_scale1.lambda1", "ls1.gamma"},
      {"layer_scale2.lambda1", "ls2.gamma"},
      {"mlp.weights_in", "mlp.w12"},
      {"mlp.weights_out", "mlp.w3"},
      {"layernorm.", "norm."}};

  // "blocks.1.norm1.weight" → "blocks.1.1.norm1.weight"
  static std::string chunked(std::string name) {
    if (name.starts_with("blocks.")) name.insert(7, name.substr(7, 2));
    return name;
  }

  void add(const std::string& name, const std::vector<const CheckpointTensor*>& parts,
           const std::vector<std::int64_t>& shape) {
    places_.push_back({name, DType::f32, shape});
    for (const CheckpointTensor* part : parts) {
      data_.append(reinterpret_cast<const char*>(part->bytes.data()), part->bytes.size());
    }
  }

  Checkpoint checkpoint_;
  TemporaryDirectory directory_;
  std::vector<SafetensorsPlace> places_;
  std::string data_;
};

// 8 numbers to a head: told by a config.json, as no width of 32 has heads of 64.
void name_heads(const FacebookFile& file) {
  file.directory().write("config.json", R"({"architecture": "vit_small_patch14_dinov2",
      "num_classes": 0, "model_args": {"num_heads": 4}, "pretrained_cfg": {}})");
}

TEST(FacebookDinov2, GivesTransformersNumbers) {
  Context context({.num_threads = 2});
  for (const char* name : {"dinov2", "dinov2_swiglu", "dinov2_registers"}) {
    for (const bool in_chunks : {false, true}) {
      SCOPED_TRACE(std::string(name) + (in_chunks ? ", in chunks" : ""));
      const FilledModel filled(name);
      const FacebookFile file(filled, in_chunks);
      name_heads(file);
      const ViTModel model = ViTModel::from_pretrained(file.path());
      EXPECT_TRUE(model.ignored_tensors().empty());
      const auto& golden = filled.golden();
      const auto images = model.encode_images(own_size(), context);
      expect_rows(all_states(images), golden.at("last_hidden_state"), 1e-5, "state");
      expect_rows(model.pooler_output(images, context), golden.at("pooler_output"), 1e-5, "pooler");
      const auto wide = model.encode_images(other_size(), context);
      expect_rows(all_states(wide), golden.at("wide_last_hidden_state"), 1e-5, "wide state");
    }
  }
}

}  // namespace
}  // namespace blip
