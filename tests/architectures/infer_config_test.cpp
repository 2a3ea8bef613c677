#include "architectures/blip/infer_config.hpp"

#include <gtest/gtest.h>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

void expect_equal(const BlipConfig& found, const BlipConfig& wanted) {
  EXPECT_EQ(found.architecture, wanted.architecture);
  EXPECT_EQ(found.vision_config.hidden_size, wanted.vision_config.hidden_size);
  EXPECT_EQ(found.vision_config.intermediate_size, wanted.vision_config.intermediate_size);
  EXPECT_EQ(found.vision_config.num_hidden_layers, wanted.vision_config.num_hidden_layers);
  EXPECT_EQ(found.vision_config.num_attention_heads, wanted.vision_config.num_attention_heads);
  EXPECT_EQ(found.vision_config.image_size, wanted.vision_config.image_size);
  EXPECT_EQ(found.vision_config.patch_size, wanted.vision_config.patch_size);
  EXPECT_EQ(found.text_config.vocab_size, wanted.text_config.vocab_size);
  EXPECT_EQ(found.text_config.hidden_size, wanted.text_config.hidden_size);
  EXPECT_EQ(found.text_config.encoder_hidden_size, wanted.text_config.encoder_hidden_size);
  EXPECT_EQ(found.text_config.intermediate_size, wanted.text_config.intermediate_size);
  EXPECT_EQ(found.text_config.num_hidden_layers, wanted.text_config.num_hidden_layers);
  EXPECT_EQ(found.text_config.num_attention_heads, wanted.text_config.num_attention_heads);
  EXPECT_EQ(found.text_config.max_position_embeddings, wanted.text_config.max_position_embeddings);
  EXPECT_EQ(found.text_config.bos_token_id, wanted.text_config.bos_token_id);
  EXPECT_FLOAT_EQ(found.text_config.layer_norm_eps, 1e-12F);
}

TEST(InferConfig, TellsEveryArchitecture) {
  const TemporaryDirectory directory;
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const std::string_view name = architecture->name;
    SCOPED_TRACE(name);
    BlipConfig wanted = small_config(std::string(name));
    const auto later = directory.write("later.safetensors", tensor_file(wanted));
    const BlipConfig found = BlipConfig::from_pretrained(later);
    expect_equal(found, wanted);
    EXPECT_FLOAT_EQ(found.vision_config.layer_norm_eps, 1e-5F);
    if (name == "BlipModel") {
      EXPECT_EQ(found.projection_dim, 12);
    }
    if (name == "BlipForImageTextRetrieval") {
      EXPECT_EQ(found.image_text_hidden_size, 10);
    }

    // The same under the original names, whose model normalises with another epsilon.
    const auto original =
        directory.write("original.safetensors", tensor_file(wanted, original_name));
    const Checkpoint checkpoint = Checkpoint::open(original);
    EXPECT_TRUE(checkpoint.has_original_names());
    EXPECT_NE(checkpoint.find("vision_model.encoder.layers.1.self_attn.projection.bias"), nullptr);
    expect_equal(infer_config(checkpoint), wanted);
    EXPECT_FLOAT_EQ(infer_config(checkpoint).vision_config.layer_norm_eps, 1e-6F);
  }
}

TEST(InferConfig, TellsEveryArchitectureOfInt8) {
  const TemporaryDirectory directory;
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const std::string_view name = architecture->name;
    SCOPED_TRACE(name);
    const BlipConfig wanted = small_config(std::string(name));
    for (const auto& file :
         {directory.write("later.safetensors", int8_tensor_file(wanted)),
          directory.write("original.safetensors", int8_tensor_file(wanted, original_name))}) {
      const Checkpoint checkpoint = Checkpoint::open(file);
      expect_equal(infer_config(checkpoint), wanted);
      EXPECT_EQ(compare(checkpoint, wanted).missing, std::vector<std::string>{});
      EXPECT_EQ(compare(checkpoint, wanted).unused, std::vector<std::string>{});
    }
  }
}

TEST(InferConfig, ACheckpointOfPreTrainingCaptions) {
  const TemporaryDirectory directory;
  // Everything at once: a decoder, and the encoder under names that the retrieval model has.
  BlipConfig config = small_config("BlipForQuestionAnswering");
  const auto file = directory.write(
      "model.safetensors", tensor_file(config, [](const std::string& name) {
        return name == "text_encoder.embeddings.LayerNorm.bias" ? "itm_head.weight" : name;
      }));
  EXPECT_EQ(BlipConfig::from_pretrained(file).architecture, "BlipForConditionalGeneration");
}

TEST(InferConfig, ADirectoryWithoutConfigIsToldFromItsWeights) {
  const TemporaryDirectory directory;
  const BlipConfig wanted = small_published_config("BlipForConditionalGeneration");
  directory.write("model.safetensors", tensor_file(wanted));
  expect_equal(BlipConfig::from_pretrained(directory.path()), wanted);
  EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(directory.path()).height, 24);
  EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(directory.path() / "model.safetensors").width,
            24);
  EXPECT_EQ(tokenizer_directory(directory.path()).filename(), "bert-base-uncased");
  EXPECT_EQ(tokenizer_directory(directory.path() / "model.safetensors").filename(),
            "bert-base-uncased");
  directory.write("vocab.txt", "[PAD]\n");
  EXPECT_EQ(tokenizer_directory(directory.path()), directory.path());

  // One with a config.json says what it is, without a preprocessor its own image size.
  directory.write("config.json", R"({"model_type":"blip"})");
  EXPECT_EQ(BlipConfig::from_pretrained(directory.path()).text_config.vocab_size, 30524);
  EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(directory.path()).height, 384);
}

TEST(InferConfig, BertsVocabularyComesWithTheProgram) {
  const TemporaryDirectory directory;
  const auto file = directory.write(
      "model.safetensors", tensor_file(small_published_config("BlipForConditionalGeneration")));
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(tokenizer_directory(file));
  EXPECT_EQ(tokenizer.vocab_size(), 30522U);
  EXPECT_EQ(tokenizer.encode("a picture of "), (std::vector<TokenId>{101, 1037, 3861, 1997, 102}));
}

TEST(InferConfig, SaysWhyItCannotTell) {
  const TemporaryDirectory directory;
  const BlipConfig config = small_config("BlipForConditionalGeneration");
  const auto refuse = [&](ErrorCode code, const std::string& part, const std::string& file) {
    const auto path = directory.write("model.safetensors", file);
    expect_error(code, part, [&] { BlipConfig::from_pretrained(path); });
  };
  refuse(ErrorCode::unsupported, "none of BLIP's architectures",
         tensor_file(config, [](const std::string& name) {
           return name.starts_with("vision_model") ? name : "x." + name;
         }));
  refuse(ErrorCode::unsupported, "no tensor 'vision_model.embeddings.class_embedding'",
         tensor_file(config, [](const std::string& name) {
           return name.ends_with("class_embedding") ? "x" : name;
         }));
  BlipConfig narrow = config;
  narrow.vision_config.hidden_size = 48;
  refuse(ErrorCode::unsupported, "48, is no multiple of 64", tensor_file(narrow));
}

// Of no file at all.
TEST(InferConfig, AnIndexOfNothingIsRefused) {
  const TemporaryDirectory directory;
  directory.write("model.safetensors.index.json", R"({"weight_map":{}})");
  expect_error(ErrorCode::malformed, "model.safetensors.index.json: its \"weight_map\" lists no",
               [&] { BlipConfig::from_pretrained(directory.path()); });
}

}  // namespace
}  // namespace blip
