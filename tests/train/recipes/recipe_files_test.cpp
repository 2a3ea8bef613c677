// The recipes beside the five defaults (run/training_config_test.cpp has those).
#include <gtest/gtest.h>

#include "blip/tokenizer.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {
namespace {

TEST(RecipeFiles, EasyVqaIsSmallAndFromNothing) {
  const TrainingConfig config = read_config(Task::vqa, BLIP_SOURCE_DIR "/recipes/easy-vqa.json");
  EXPECT_TRUE(config.model.start.empty());
  EXPECT_EQ(config.model.image_size % config.architecture.patch_size, 0);
  EXPECT_FALSE(config.data.rand_augment);
  check_config(config, 1);
  // Its vocabulary is beside it, and has every word.
  EXPECT_EQ(config.architecture.vocabulary, "recipes/easy-vqa/vocab.txt");
  const auto tokenizer = BertTokenizer::from_pretrained(BLIP_SOURCE_DIR "/recipes/easy-vqa");
  for (const TokenId id : tokenizer.encode("Does the image not contain a teal triangle?")) {
    EXPECT_NE(id, tokenizer.unk_token_id());
  }
}

}  // namespace
}  // namespace blip::train
