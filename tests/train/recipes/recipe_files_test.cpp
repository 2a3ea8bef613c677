// The recipes beside the five defaults (run/training_config_test.cpp has those).
#include <gtest/gtest.h>

#include <string>

#include "blip/dalle_tokenizer.hpp"
#include "blip/tokenizer.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {
namespace {

TEST(RecipeFiles, EasyVqaIsSmallAndFromNothing) {
  const std::string folder = BLIP_SOURCE_DIR "/recipes/easy-vqa";
  const TrainingConfig config = read_config(Task::caption, folder + "/caption.json");
  EXPECT_TRUE(config.model.start.empty());
  EXPECT_EQ(config.model.image_size % config.architecture.patch_size, 0);
  EXPECT_FALSE(config.data.rand_augment);
  check_config(config, 1);
  // Its vocabulary is beside it, and has every word.
  EXPECT_EQ(config.architecture.vocabulary, "recipes/easy-vqa/vocab.txt");
  const auto tokenizer = BertTokenizer::from_pretrained(folder);
  for (const TokenId id : tokenizer.encode("Does the image not contain a teal triangle?")) {
    EXPECT_NE(id, tokenizer.unk_token_id());
  }
  // The second half sees the same pictures.
  const TrainingConfig second = read_config(Task::vqa, folder + "/vqa.json");
  EXPECT_EQ(second.model.image_size, config.model.image_size);
  EXPECT_FALSE(second.data.rand_augment);
  check_config(second, 1);
}

TEST(RecipeFiles, EasyVqaIsDrawnByItsWords) {
  const std::string folder = BLIP_SOURCE_DIR "/recipes/easy-vqa";
  const TrainingConfig pictures = read_config(Task::vqgan, folder + "/vqgan.json");
  EXPECT_EQ(pictures.dalle.vqgan_config.resolution, 64);
  EXPECT_EQ(pictures.dalle.vqgan_config.grid(), 8);
  const TrainingConfig config = read_config(Task::draw, folder + "/draw.json");
  EXPECT_EQ(config.architecture.vocabulary, "recipes/easy-vqa/drawing");
  // Each word of a caption is one token.
  const auto tokenizer = DalleTokenizer::from_pretrained(folder + "/drawing");
  EXPECT_EQ(tokenizer.encode("a blue triangle").size(), 5);
  EXPECT_EQ(tokenizer.encode("a brown rectangle").size(), 5);
}

}  // namespace
}  // namespace blip::train
