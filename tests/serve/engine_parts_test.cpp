// The small parts of the engine by themselves.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "app/captions/streamed_text.hpp"
#include "serve/engine/generation_defaults.hpp"
#include "serve/engine/model_catalog.hpp"
#include "serve/engine/model_name.hpp"
#include "serve/engine/picture_cache.hpp"
#include "serve/engine/task_queue.hpp"
#include "small_pictures.hpp"
#include "tasks/image_memory.hpp"

namespace blip::serve {
namespace {

EncodedPicture picture_of_size(std::size_t floats) {
  return {.value = Tensor{{1, static_cast<std::int64_t>(floats)}, std::vector<float>(floats)}};
}

PictureKey key_of(const std::string& hash, std::size_t model = 0) {
  return {.model = model, .encoding = Encoding::logits, .hash = hash};
}

TEST(PictureCache, KeepsWhatWasUsedLast) {
  PictureCache cache(3 * (4000 + 512));
  for (const char* hash : {"a", "b", "c"}) cache.add(key_of(hash), picture_of_size(1000));
  EXPECT_TRUE(cache.find(key_of("a")));
  cache.add(key_of("d"), picture_of_size(1000));
  EXPECT_TRUE(cache.find(key_of("a")));
  EXPECT_FALSE(cache.find(key_of("b")));
  EXPECT_TRUE(cache.find(key_of("c")));
  EXPECT_TRUE(cache.find(key_of("d")));
  EXPECT_LE(cache.bytes(), 3U * (4000 + 512));
}

TEST(PictureCache, KeepsNothingThatIsTooLarge) {
  PictureCache cache(1000);
  cache.add(key_of("a"), picture_of_size(1000));
  EXPECT_FALSE(cache.find(key_of("a")));
  EXPECT_EQ(cache.bytes(), 0U);
  PictureCache none(0);
  none.add(key_of("a"), picture_of_size(1));
  EXPECT_FALSE(none.find(key_of("a")));
}

TEST(PictureCache, ForgetsTheModelsThatAreUnloaded) {
  PictureCache cache(1 << 20);
  cache.add(key_of("a", 0), picture_of_size(10));
  cache.add(key_of("a", 1), picture_of_size(10));
  cache.forget_model(0);
  EXPECT_FALSE(cache.find(key_of("a", 0)));
  EXPECT_TRUE(cache.find(key_of("a", 1)));
  cache.forget_model(1);
  EXPECT_EQ(cache.bytes(), 0U);
}

// What text models have read of a picture is much, and made again sooner than the picture.
TEST(PictureCache, GivesUpWhatTextModelsReadFirst) {
  const auto image = [] {
    return EncodedPicture{.value = image_of_features({{10, 8}, std::vector<float>(80)})};
  };
  PictureCache cache(4000);
  const PictureKey old = {.model = 0, .encoding = Encoding::image, .hash = "old"};
  const PictureKey recent = {.model = 0, .encoding = Encoding::image, .hash = "recent"};
  for (const PictureKey& key : {old, recent}) {
    EncodedPicture encoded = image();
    cache.add(key, encoded);
    const auto readings = [&](const Tensor&) {
      return CrossAttentionCache(1, 10, 1, 16, WeightFormat::f32);
    };
    int reader = 0;
    static_cast<void>(read_images(std::span(&encoded.image(), 1), 8, &reader, nullptr, readings));
    cache.measure(key);
  }
  EXPECT_LE(cache.bytes(), 4000U);
  const auto first = cache.find(old);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->image().memory().readings.empty());
  const auto second = cache.find(recent);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->image().memory().readings.empty());
}

JobPointer job_of(std::uint64_t id, const std::string& client) {
  return std::make_shared<Job>(TaskId{id}, Task{.input = EmbedTextsTask{}, .client = client},
                               TaskCallbacks{});
}

TEST(TaskQueue, GivesEveryClientItsTurn) {
  TaskQueue queue;
  std::uint64_t id = 0;
  for (const char* client : {"a", "a", "a", "b", "b", "c"}) queue.push(job_of(id++, client));
  std::string order;
  while (const JobPointer job = queue.pop()) order += job->task.client;
  EXPECT_EQ(order, "abcaba");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(TaskQueue, LetsGoOfWhatIsWithdrawn) {
  TaskQueue queue;
  const JobPointer first = job_of(1, "a");
  const JobPointer second = job_of(2, "a");
  queue.push(first);
  queue.push(second);
  EXPECT_TRUE(queue.remove(*first));
  EXPECT_FALSE(queue.remove(*first));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.size(Part::captioner), 1U);
  EXPECT_EQ(queue.take(Part::captioner).size(), 1U);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(Part::captioner), 0U);
  EXPECT_FALSE(queue.remove(*second));
}

TEST(ModelName, IsTheSameHoweverItIsWritten) {
  EXPECT_EQ(plain_model_name("Nano_Captioning:latest"), "nano-captioning");
  EXPECT_EQ(plain_model_name("blip:7b"), "blip:7b");
  EXPECT_EQ(plain_model_name(""), "");
}

TEST(GenerationDefaults, FillInWhatATaskLeavesOpen) {
  const GenerationOptions server = {
      .max_new_tokens = 30, .num_beams = 3, .repetition_penalty = 1.2F};
  const GenerationOptions none = with_defaults({}, server);
  EXPECT_EQ(none.max_new_tokens, 30);
  EXPECT_EQ(none.num_beams, 3);
  EXPECT_EQ(none.repetition_penalty, 1.2F);
  const GenerationOptions own = with_defaults({.max_length = 10, .do_sample = true}, server);
  EXPECT_EQ(own.max_new_tokens, std::nullopt);
  EXPECT_EQ(own.num_beams, std::nullopt);
  EXPECT_EQ(rows_of({.num_beams = 4, .num_return_sequences = 2}), 4U);
  EXPECT_EQ(rows_of({.num_return_sequences = 5, .do_sample = true}), 5U);
}

// A word is told with its token, unless clean-up may still take the blank before it away.
TEST(StreamedText, TellsWordsAsSoonAsTheyAreSure) {
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(small_model("hybrid").model);
  const auto pieces = [&](const std::string& text) {
    app::StreamedText stream(tokenizer, {}, {});
    std::vector<TokenId> ids = tokenizer.encode(text);
    std::vector<std::string> told;
    for (std::size_t i = 1; i + 1 < ids.size(); ++i) told.push_back(stream.add(ids[i]));
    return told;
  };
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(pieces("two cats, in a street"),
            (Pieces{"two", " cat", "s", ",", " in", " a", " street"}));
  // It may have become "cat'and": some tokenizers clean up so.
  EXPECT_EQ(pieces("a cat ' and a dog"), (Pieces{"a", " cat", "", " ' and", " a", " dog"}));
}

// Of any tokens: what was told before the end is how the whole begins, also where the tokenizer
// cleans up ("isn't" of "is n ' t").
TEST(StreamedText, IsTheWholeTextInTheEnd) {
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(small_model("hybrid").model);
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    app::CaptionPrompt prompt;
    if (round % 3 == 0) prompt = app::caption_prompt(tokenizer, "a picture of");
    app::CaptionEdits edits;
    edits.strip_prompt = round % 2 == 0;
    if (round % 5 == 0) edits.prefix = "photo:";
    if (round % 7 == 0) edits.suffix = "!";
    if (round % 11 == 0) edits.max_characters = 12;
    app::StreamedText stream(tokenizer, prompt, edits);
    std::vector<TokenId> ids;
    if (prompt.tokens.size() > 2) ids.assign(prompt.tokens.begin() + 1, prompt.tokens.end() - 1);
    std::string told;
    const std::size_t length = random() % 20;
    for (std::size_t i = 0; i < length; ++i) {
      // Half of them marks and pieces.
      const std::size_t choices = random() % 2 == 0 ? 8 : tokenizer.vocab_size() - 4;
      ids.push_back(static_cast<TokenId>(4 + random() % choices));
      told += stream.add(ids.back());
    }
    const std::string whole =
        app::finished_caption(app::generated_text(tokenizer, ids), prompt, edits);
    told += stream.rest(whole);
    ASSERT_EQ(told, whole);
  }
}

// What the backbones of hybrids have in common is in memory once.
TEST(ModelCatalog, ModelsAreLoadedWithTheWeightsOfTheOthers) {
  const ModelCatalog catalog(small_engine());
  const ModelCatalog another(small_engine());
  const auto shared = catalog.models().front().options.load().shared;
  ASSERT_NE(shared, nullptr);
  for (const CatalogModel& model : catalog.models()) {
    EXPECT_EQ(model.options.load().shared, shared) << model.status.name;
  }
  EXPECT_NE(another.models().front().options.load().shared, shared);
}

}  // namespace
}  // namespace blip::serve
