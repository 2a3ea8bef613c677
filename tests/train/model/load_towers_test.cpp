#include "train/model/load_towers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "small_models.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

class LoadTowers : public testing::Test {
 protected:
  TemporaryDirectory directory;
  PretrainingModel model = make_pretraining_model(small_config(), small_options());

  LoadTowers() { model.parameters.initialise(seeded(1)); }

  // A BERT of 28 words: [DEC] and [ENC] are not its own.
  [[nodiscard]] std::filesystem::path save_bert(bool old_names) const {
    Parameters bert;
    BlipTextConfig config = small_config().text_config;
    config.vocab_size = 28;
    const TextTransformer text = add_text_transformer(bert, "bert.", config, 8, 0.1, Role::trained);
    bert.add("cls.predictions.bias", {28}, Role::trained, {InitialValue::Kind::normal, 1.0});
    bert.add("cls.predictions.transform.dense.weight", {8, 8}, Role::trained,
             {InitialValue::Kind::normal, 1.0});
    bert.add("cls.predictions.transform.dense.bias", {8}, Role::trained,
             {InitialValue::Kind::normal, 1.0});
    add_layer_norm(bert, "cls.predictions.transform.LayerNorm", 8, 1e-12, Role::trained);
    bert.initialise(seeded(30));
    NamedTensors tensors;
    for (auto& [name, tensor] : bert.named_state()) {
      std::string stored = name;
      if (stored.find(".crossattention.") != std::string::npos) continue;
      const auto norm = stored.find("LayerNorm.");
      if (old_names && norm != std::string::npos) {
        stored = stored.substr(0, norm) +
                 (stored.ends_with("weight") ? "LayerNorm.gamma" : "LayerNorm.beta");
      }
      tensors.emplace_back(stored, tensor);
    }
    tensors.emplace_back("bert.embeddings.token_type_embeddings.weight", torch::ones({2, 8}));
    const std::filesystem::path file = directory.path() / "bert.safetensors";
    replace_tensor_file(file, tensors);
    return file;
  }
};

TEST_F(LoadTowers, BertFillsAllButCrossAttentionAndTheNewWords) {
  const torch::Tensor new_words = model.decoder.word_embedding.detach().slice(0, 28).clone();
  const torch::Tensor cross =
      model.decoder.layers[0].crossattention[0].query.weight.detach().clone();
  for (const bool old_names : {false, true}) {
    const std::filesystem::path file = save_bert(old_names);
    const Checkpoint bert = Checkpoint::open(file);
    const std::vector<std::string> filled = load_bert(model.parameters, file);
    // Embeddings, two layers without cross-attention for the decoder, its self-attention again for
    // the encoder, and the head.
    EXPECT_EQ(filled.size(), 4U + 2 * 16 + 2 * 10 + 5);
    const torch::Tensor words = to_torch(*bert.find("bert.embeddings.word_embeddings.weight"));
    EXPECT_TRUE(model.decoder.word_embedding.slice(0, 0, 28).equal(words));
    EXPECT_TRUE(model.decoder.word_embedding.slice(0, 28).equal(new_words));
    EXPECT_TRUE(model.decoder.layers[0].crossattention[0].query.weight.equal(cross));
    const torch::Tensor query =
        to_torch(*bert.find("bert.encoder.layer.1.attention.self.query.weight"));
    EXPECT_TRUE(model.decoder.layers[1].attention.query.weight.equal(query));
    EXPECT_TRUE(model.online.text.layers[1].attention.query.weight.equal(query));
    EXPECT_TRUE(model.language_model_head.bias.slice(0, 0, 28).equal(
        to_torch(*bert.find("cls.predictions.bias"))));
  }
}

TEST_F(LoadTowers, TimmsVisionTransformerIsRegridded) {
  Parameters timm;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape) {
    timm.add(name, shape, Role::trained, {InitialValue::Kind::normal, 1.0});
  };
  add("cls_token", {1, 1, 12});
  add("pos_embed", {1, 10, 12});  // 3 × 3; the model's has 2 × 2
  add("patch_embed.proj.weight", {12, 3, 4, 4});
  add("patch_embed.proj.bias", {12});
  for (const std::string block : {"blocks.0.", "blocks.1."}) {
    for (const char* norm : {"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias",
                             "attn.proj.bias", "mlp.fc2.bias"})
      add(block + norm, {12});
    add(block + "attn.qkv.weight", {36, 12});
    add(block + "attn.qkv.bias", {36});
    add(block + "attn.proj.weight", {12, 12});
    add(block + "mlp.fc1.weight", {20, 12});
    add(block + "mlp.fc1.bias", {20});
    add(block + "mlp.fc2.weight", {12, 20});
  }
  add("norm.weight", {12});
  add("norm.bias", {12});
  add("head.weight", {1000, 12});
  timm.initialise(seeded(8));
  const std::filesystem::path file = directory.path() / "deit.safetensors";
  replace_tensor_file(file, timm.named_state());

  const std::vector<std::string> filled = load_timm_vision(model.parameters, file);
  EXPECT_EQ(filled.size(), timm.named_state().size() - 1);
  EXPECT_TRUE(model.online.vision.blocks[1].qkv.weight.equal(
      timm.find("blocks.1.attn.qkv.weight")->tensor));
  const torch::Tensor positions = timm.find("pos_embed")->tensor;
  EXPECT_TRUE(model.online.vision.position_embedding[0][0].equal(positions[0][0]));

  NamedTensors fewer = timm.named_state();
  fewer.erase(fewer.begin() + 5);
  replace_tensor_file(file, fewer);
  EXPECT_THAT([&] { load_timm_vision(model.parameters, file); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("has nothing for \"vision_model.")));
}

}  // namespace
}  // namespace blip::train
