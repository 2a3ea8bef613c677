// A model is what lies together: what a weights file takes from beside it, and what it refuses.
#include <gtest/gtest.h>

#include <algorithm>

#include "architectures/blip/config_writer.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "architectures/registry.hpp"
#include "blip/processor.hpp"
#include "checkpoint/checkpoint.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

constexpr const char* kCaptions = "BlipForConditionalGeneration";
constexpr const char* kWords = "text_decoder.bert.embeddings.word_embeddings.weight";

std::string vocabulary(int tokens) {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 5; i < tokens; ++i) text += "word" + std::to_string(i) + "\n";
  return text;
}

class ModelFiles : public ::testing::Test {
 protected:
  // Twice the heads that its width would have anybody guess.
  ModelFiles() : config_(small_config(kCaptions)) {
    config_.text_config.num_attention_heads = 2;
    config_.vision_config.num_attention_heads = 4;
    directory_.write("model.safetensors", tensor_file(config_));
  }
  [[nodiscard]] std::filesystem::path file() const {
    return directory_.path() / "model.safetensors";
  }
  void write_config() const { directory_.write("config.json", config_as_json(config_)); }

  TemporaryDirectory directory_;
  BlipConfig config_;
};

TEST_F(ModelFiles, AWeightsFileTakesWhatLiesBesideIt) {
  write_config();
  directory_.write("preprocessor_config.json", R"({"size": {"height": 40, "width": 40}})");
  directory_.write("vocab.txt", vocabulary(48));
  directory_.write("generation_config.json", R"({"num_beams": 3})");
  for (const auto& model : {file(), directory_.path()}) {
    const BlipConfig found = BlipConfig::from_pretrained(model);
    EXPECT_EQ(found.text_config.num_attention_heads, 2);
    EXPECT_EQ(found.vision_config.num_attention_heads, 4);
    EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(model).height, 40);
    EXPECT_EQ(open_tokenizer(model)->vocab_size(), 48U);
    EXPECT_EQ(load_generation_config(model, found).num_beams, 3);
    EXPECT_EQ(BlipProcessor::from_pretrained(model).tokenizer().vocab_size(), 48U);
  }
}

// A shard and a .bin of PyTorch, too.
TEST_F(ModelFiles, HeadsAreNotGuessedWhereAConfigurationIsBeside) {
  write_config();
  directory_.write("model-00001-of-00001.safetensors", tensor_file(config_));
  directory_.write("model.safetensors.index.json",
                   R"({"weight_map":{"a":"model-00001-of-00001.safetensors"}})");
  directory_.write("pytorch_model.bin", torch_zip(pickled_dict({{"a", pickled(1)}}), {}));
  for (const char* name :
       {"model-00001-of-00001.safetensors", "model.safetensors.index.json", "pytorch_model.bin"}) {
    const BlipConfig found = BlipConfig::from_pretrained(directory_.path() / name);
    EXPECT_EQ(found.text_config.num_attention_heads, 2) << name;
    EXPECT_EQ(found.vision_config.num_attention_heads, 4) << name;
  }
}

TEST_F(ModelFiles, AVocabularyOfMoreTokensThanRowsIsRefused) {
  directory_.write("vocab.txt", vocabulary(51));
  for (const auto& model : {file(), directory_.path()}) {
    expect_error(ErrorCode::malformed,
                 "the vocabulary has 51 tokens, but the model has word embeddings for 50",
                 [&] { static_cast<void>(open_tokenizer(model)); });
    EXPECT_THROW(BlipProcessor::from_pretrained(model), Error);
  }
  directory_.write("vocab.txt", vocabulary(50));
  EXPECT_EQ(open_tokenizer(file())->vocab_size(), 50U);
}

TEST_F(ModelFiles, BertsVocabularyIsOnlyTakenWhereItFits) {
  expect_error(ErrorCode::not_found, "50 word embeddings are not those of BERT's vocabulary",
               [&] { static_cast<void>(open_tokenizer(file())); });
  EXPECT_EQ(find_tokenizer_directory(file()), std::nullopt);
  // As a training of such a model leaves it: no processor, but a configuration.
  config_ = small_published_config(kCaptions);
  directory_.write("model.safetensors", tensor_file(config_));
  write_config();
  EXPECT_EQ(open_tokenizer(directory_.path())->vocab_size(), 30522U);
  EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(directory_.path()).height, 24);
}

TEST_F(ModelFiles, AnotherModelsProcessorIsTakenIfNamed) {
  write_config();
  const TemporaryDirectory other;
  other.write("vocab.txt", vocabulary(49));
  EXPECT_EQ(open_tokenizer(directory_.path(), other.path())->vocab_size(), 49U);
  // It has nothing to say of images.
  EXPECT_EQ(open_image_processor(directory_.path(), other.path())->resized_side(), 24);
  other.write("preprocessor_config.json", R"({"size": {"height": 32, "width": 32}})");
  EXPECT_EQ(open_image_processor(directory_.path(), other.path())->resized_side(), 32);
  other.write("vocab.txt", vocabulary(51));
  expect_error(ErrorCode::malformed, "the vocabulary has 51 tokens",
               [&] { static_cast<void>(open_tokenizer(directory_.path(), other.path())); });
}

TEST_F(ModelFiles, HeadsThatDoNotDivideTheWidthAreRefused) {
  config_.text_config.num_attention_heads = 3;
  write_config();
  expect_error(ErrorCode::malformed, "hidden_size 64 is not a multiple of the 3",
               [&] { BlipConfig::from_pretrained(file()); });
}

TEST_F(ModelFiles, TiedWeightsAreFoundByEitherName) {
  const auto without = [](const char* left_out) {
    return [left_out](const std::string& name) { return name == left_out ? std::string() : name; };
  };
  const char* decoder = "text_decoder.cls.predictions.decoder.weight";
  EXPECT_EQ(tied_name(kWords), decoder);
  EXPECT_EQ(tied_name("text_encoder.embeddings.word_embeddings.weight"), "");
  for (const char* left_out : {kWords, decoder}) {
    directory_.write("model.safetensors", tensor_file(config_, without(left_out)));
    const Checkpoint checkpoint = Checkpoint::open(file());
    EXPECT_EQ(BlipConfig::from_pretrained(file()).text_config.vocab_size, 50) << left_out;
    EXPECT_EQ(compare(checkpoint, config_).missing, std::vector<std::string>{}) << left_out;
  }
}

}  // namespace
}  // namespace blip
