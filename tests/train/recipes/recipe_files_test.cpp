// The recipes beside the five defaults (run/training_config_test.cpp has those).
#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace blip::train
