// The models that come with the program are whole and small; nano, which other tests run, is in
// float16.
#include <gmock/gmock.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "blip/config.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip {
namespace {

const std::filesystem::path kNano = std::filesystem::path(BLIP_SOURCE_DIR) / "tests/models/nano";

TEST(BundledModels, OneForEachTaskIn60Mebibytes) {
  std::uintmax_t bytes = 0;
  for (const auto& [name, architecture] :
       {std::pair(kCaptioningModel, "BlipForConditionalGeneration"),
        std::pair(kRetrievalModel, "BlipForImageTextRetrieval"),
        std::pair(kQuestionModel, "BlipForQuestionAnswering")}) {
    const auto directory = std::filesystem::path(BLIP_SOURCE_DIR) / "models" / name;
    const BlipConfig config = BlipConfig::from_pretrained(directory);
    EXPECT_EQ(config.architecture, architecture);
    EXPECT_GE(config.vision_config.image_size, 112) << name;
    const auto processor = BlipImageProcessorConfig::from_pretrained(directory);
    EXPECT_EQ(processor.height, config.vision_config.image_size) << name;
    EXPECT_EQ(processor.width, config.vision_config.image_size) << name;
    EXPECT_TRUE(std::filesystem::is_regular_file(directory / "README.md"));
    EXPECT_TRUE(std::filesystem::is_regular_file(directory / "vocab.txt"));
    const Checkpoint checkpoint = Checkpoint::open(directory);
    const CheckpointTensor* query =
        checkpoint.find("vision_model.encoder.layers.0.self_attn.qkv.weight");
    ASSERT_NE(query, nullptr);
    EXPECT_EQ(query->dtype, DType::i8);
    bytes += std::filesystem::file_size(directory / "model.safetensors");
  }
  const auto classifier = std::filesystem::path(BLIP_SOURCE_DIR) / "models" / kClassificationModel;
  EXPECT_TRUE(std::filesystem::is_regular_file(classifier / "README.md"));
  bytes += std::filesystem::file_size(classifier / "model.safetensors");
  EXPECT_LT(bytes, std::uintmax_t{60} << 20);
}

TEST(Nano, ConfigurationsAreThere) {
  const BlipConfig config = BlipConfig::from_pretrained(kNano);
  EXPECT_EQ(config.architecture, "BlipForConditionalGeneration");
  EXPECT_EQ(config.text_config.vocab_size, 3607);
  EXPECT_EQ(config.text_config.bos_token_id, 3605);
  EXPECT_EQ(config.text_config.sep_token_id, 3);
  EXPECT_EQ(config.vision_config.image_size, 112);
  const auto processor = BlipImageProcessorConfig::from_pretrained(kNano);
  EXPECT_EQ(processor.height, 112);
  EXPECT_EQ(processor.width, 112);
  EXPECT_TRUE(std::filesystem::is_regular_file(kNano / "vocab.txt"));
  EXPECT_TRUE(std::filesystem::is_regular_file(kNano / "README.md"));
}

TEST(Nano, EveryTensorIsFloat16) {
  const Checkpoint checkpoint = Checkpoint::open(kNano);
  EXPECT_EQ(checkpoint.tensors().size(), 191U);
  std::int64_t values = 0;
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    EXPECT_EQ(tensor.dtype, DType::f16) << tensor.name;
    values += tensor.element_count();
  }
  EXPECT_EQ(values, 10'172'951);
}

TEST(Nano, ShapesFollowTheConfiguration) {
  const Checkpoint checkpoint = Checkpoint::open(kNano);
  using Shape = std::vector<std::int64_t>;
  const auto shape = [&](const std::string& name) {
    const CheckpointTensor* tensor = checkpoint.find(name);
    return tensor == nullptr ? Shape{-1} : tensor->shape;
  };
  EXPECT_EQ(shape("vision_model.embeddings.patch_embedding.weight"), (Shape{256, 3, 16, 16}));
  EXPECT_EQ(shape("vision_model.embeddings.position_embedding"), (Shape{1, 50, 256}));
  EXPECT_EQ(shape("vision_model.encoder.layers.5.self_attn.qkv.weight"), (Shape{768, 256}));
  EXPECT_EQ(shape("text_decoder.bert.embeddings.word_embeddings.weight"), (Shape{3607, 256}));
  EXPECT_EQ(shape("text_decoder.bert.encoder.layer.3.crossattention.self.key.weight"),
            (Shape{256, 256}));
  EXPECT_EQ(shape("text_decoder.cls.predictions.bias"), (Shape{3607}));
  // Tied: equal to the word embeddings and to the bias, so not stored again.
  EXPECT_EQ(checkpoint.find("text_decoder.cls.predictions.decoder.weight"), nullptr);
  EXPECT_EQ(checkpoint.find("text_decoder.cls.predictions.decoder.bias"), nullptr);
}

}  // namespace
}  // namespace blip
