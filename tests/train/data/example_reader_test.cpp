#include "train/data/example_reader.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "blip/image_processor_config.hpp"
#include "dataset/shard_writer.hpp"
#include "image/preprocess.hpp"
#include "pictures.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/data/prefetching_loader.hpp"

namespace blip::train {
namespace {

dataset::Dataset open(const std::string& path) {
  return dataset::Dataset::open(std::vector<std::string>{path});
}

class ExampleReaderTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(ExampleReaderTest, MakesARowOfEachCaption) {
  const ExampleReader reader(open(write_caption_shard(directory_.path(), 4)),
                             {.image_size = 8, .prompt = "a picture of "});
  ASSERT_EQ(reader.rows(), 8U);
  const Example example = reader.read(3, 0);
  EXPECT_EQ(example.text, "a picture of caption 1 b");
  EXPECT_EQ(example.image, 1U);
  ASSERT_EQ(example.pictures.size(), 1U);
  EXPECT_EQ(example.pictures[0].width(), 8);
  EXPECT_EQ(example.pictures[0].height(), 8);
  EXPECT_TRUE(example.replacement.empty());
}

TEST_F(ExampleReaderTest, WantsTwoPicturesOfAStatement) {
  dataset::ShardWriter writer(directory_.path() / "s");
  dataset::Sample sample;
  sample.key = "alone";
  sample.pictures = {{"a.bmp", bmp_of(12, 10, 0)}};
  sample.statements = {{"there is a dog", true}};
  writer.write(sample);
  writer.finish();
  const ExampleReader reader(open((directory_.path() / "s-000000.tar").string()),
                             {.image_size = 8, .kind = RowKind::statement});
  expect_error(ErrorCode::invalid_argument,
               "s-000000.tar: sample 0: alone: a statement is about 2 pictures, not 1",
               [&] { reader.read(0, 0); });
}

TEST_F(ExampleReaderTest, AugmentsBySeedEpochAndRowAlone) {
  const std::string path = write_caption_shard(directory_.path(), 3);
  const ExampleReader reader(open(path), {.image_size = 8});
  const auto pixels = [](const ExampleReader& from, std::size_t row, std::uint32_t epoch) {
    return pixels_of(from.read(row, epoch).pictures.at(0));
  };
  const auto first = pixels(reader, 4, 0);
  pixels(reader, 1, 0);
  EXPECT_EQ(pixels(reader, 4, 0), first);
  EXPECT_NE(pixels(reader, 4, 1), first);
  EXPECT_NE(pixels(reader, 5, 0), first);  // the same picture's other caption
  EXPECT_NE(pixels(ExampleReader(open(path), {.image_size = 8, .seed = 1}), 4, 0), first);
}

TEST_F(ExampleReaderTest, SquashesThePictureWhereNothingIsAugmented) {
  const ExampleReader reader(open(write_caption_shard(directory_.path(), 1)),
                             {.image_size = 8, .is_augmented = false});
  const Image picture = Image::decode(bmp_of(12, 10, 0)).resized(8, 8);
  EXPECT_EQ(pixels_of(reader.read(0, 3).pictures.at(0)), pixels_of(picture));
}

TEST_F(ExampleReaderTest, FitsThePictureAsItIsTold) {
  ImageProcessorConfig clip;
  clip.size = {.shortest_edge = 8};
  clip.crop_width = clip.crop_height = 8;
  const ExampleReader reader(
      open(write_caption_shard(directory_.path(), 1)),
      {.image_size = 8, .is_augmented = false, .fit = [clip](const Image& picture) {
         return image::fitted(picture, clip);
       }});
  // 12 x 10 becomes 9 x 8, of which the first 8 columns are kept.
  const Image resized = Image::decode(bmp_of(12, 10, 0)).resized(9, 8);
  const Example example = reader.read(0, 3);
  const Image& fitted = example.pictures.at(0);
  ASSERT_EQ(fitted.width(), 8);
  ASSERT_EQ(fitted.height(), 8);
  for (std::size_t row = 0; row < 8; ++row) {
    for (std::size_t i = 0; i < 24; ++i) {
      EXPECT_EQ(fitted.pixels()[row * 24 + i], resized.pixels()[row * 27 + i]);
    }
  }
}

TEST_F(ExampleReaderTest, LeavesCaptionsAsTheyAreIfItIsTold) {
  dataset::ShardWriter writer(directory_.path() / "s");
  dataset::Sample sample;
  sample.key = "one";
  sample.pictures = {{"a.bmp", bmp_of(12, 10, 0)}};
  sample.captions = {"A dog; \"Rex\" (2 years)!"};
  writer.write(sample);
  writer.finish();
  const std::string path = (directory_.path() / "s-000000.tar").string();
  EXPECT_EQ(ExampleReader(open(path), {.image_size = 8, .max_words = 2, .has_plain_captions = true})
                .read(0, 0)
                .text,
            sample.captions[0]);
  EXPECT_EQ(ExampleReader(open(path), {.image_size = 8, .max_words = 2}).read(0, 0).text, "a dog");
}

TEST_F(ExampleReaderTest, GivesTheSameWithACache) {
  const std::string path = write_caption_shard(directory_.path(), 4);
  const ExampleReader plain(open(path), {.image_size = 8});
  // Room for two of the pictures of some 400 bytes.
  const ExampleReader cached(open(path), {.image_size = 8, .cache_bytes = 900});
  for (std::uint32_t epoch = 0; epoch < 2; ++epoch) {
    for (std::size_t row = 0; row < plain.rows(); ++row) {
      EXPECT_EQ(pixels_of(cached.read(row, epoch).pictures.at(0)),
                pixels_of(plain.read(row, epoch).pictures.at(0)));
    }
  }
}

TEST(PictureCache, KeepsWhatFits) {
  const auto pictures = [](int width) {
    return std::make_shared<const std::vector<Image>>(
        1, Image(width, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width))));
  };
  PictureCache cache(100);
  cache.offer(1, pictures(20));
  cache.offer(2, pictures(20));  // 120 bytes together
  cache.offer(3, pictures(10));
  EXPECT_NE(cache.find(1), nullptr);
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_NE(cache.find(3), nullptr);
  cache.offer(1, pictures(1));
  EXPECT_EQ(cache.find(1)->at(0).width(), 20);
}

TEST_F(ExampleReaderTest, ReadsQuestionsAndTheirAnswers) {
  dataset::ShardWriter writer(directory_.path() / "q");
  dataset::Sample sample;
  sample.key = "a";
  sample.pictures = {{"a.bmp", bmp_of(9, 9, 1)}};
  sample.questions = {{"", "What, e.g. COLOUR?", {{"red", 3, 0}, {"blue", 1, 0}}},
                      {"", "unanswered?", {}}};
  writer.write(sample);
  writer.finish();
  const ExampleReader reader(open((directory_.path() / "q-000000.tar").string()),
                             {.image_size = 8, .kind = RowKind::question, .max_words = 50});
  ASSERT_EQ(reader.rows(), 1U);
  const Example example = reader.read(0, 0);
  EXPECT_EQ(example.text, "what, eg colour?");
  ASSERT_EQ(example.answers.size(), 2U);
  EXPECT_DOUBLE_EQ(example.answers[0].weight, 0.75);
}

TEST_F(ExampleReaderTest, WeighsVisualGenomesAnswersAsItIsTold) {
  dataset::ShardWriter writer(directory_.path() / "vg");
  dataset::Sample sample;
  sample.key = "a";
  sample.source = "vg";
  sample.pictures = {{"a.bmp", bmp_of(9, 9, 1)}};
  sample.questions = {{"", "what?", {{"dog", 1, 0}}}};
  writer.write(sample);
  writer.finish();
  const ExampleReader reader(
      open((directory_.path() / "vg-000000.tar").string()),
      {.image_size = 8, .kind = RowKind::question, .visual_genome_weight = 0.5});
  EXPECT_DOUBLE_EQ(reader.read(0, 0).answers.at(0).weight, 0.5);
}

TEST_F(ExampleReaderTest, SwapsPicturesAndWordsOfHalfTheStatements) {
  dataset::ShardWriter writer(directory_.path() / "n");
  for (int i = 0; i < 40; ++i) {
    dataset::Sample sample;
    sample.key = std::to_string(i);
    // One colour each, which only tone operations could tell apart, and those leave one value
    // alone.
    for (const std::uint8_t value : {std::uint8_t{10}, std::uint8_t{200}}) {
      auto bytes = bmp_of(8, 8, 0);
      std::fill(bytes.begin() + 54, bytes.end(), std::byte{value});
      sample.pictures.push_back({"a.bmp", bytes});
    }
    sample.statements = {{"The LEFT one is dark.", true}, {"unlabelled", std::nullopt}};
    writer.write(sample);
  }
  writer.finish();
  const ExampleReader reader(open((directory_.path() / "n-000000.tar").string()),
                             {.image_size = 32, .kind = RowKind::statement, .max_words = 40});
  ASSERT_EQ(reader.rows(), 40U);
  int swapped = 0;
  for (std::size_t row = 0; row < reader.rows(); ++row) {
    const Example example = reader.read(row, 0);
    ASSERT_EQ(example.pictures.size(), 2U);
    EXPECT_TRUE(example.is_true);
    // Not at the border, where warps bring grey in.
    const bool is_swapped = pixels_of(example.pictures[0])[3 * (16 * 32 + 16)] > 128;
    EXPECT_EQ(example.text, is_swapped ? "the right one is dark" : "the left one is dark");
    if (is_swapped) ++swapped;
  }
  EXPECT_GT(swapped, 8);
  EXPECT_LT(swapped, 32);
}

TEST_F(ExampleReaderTest, NumbersRowsOfTheSamePictureAlike) {
  directory_.write("list.json", R"([{"image": "a.bmp", "caption": "1", "image_id": "x"},
      {"image": "b.bmp", "caption": "2", "image_id": "y"},
      {"image": "a.bmp", "caption": "3", "image_id": "x"},
      {"image": "c.bmp", "caption": "4"}, {"image": "c.bmp", "caption": "5"}])");
  const auto rows = list_rows(open((directory_.path() / "list.json").string()), RowKind::caption);
  const auto image = [](std::uint32_t number) { return testing::Field(&Row::image, number); };
  EXPECT_THAT(rows, testing::ElementsAre(image(0), image(1), image(0), image(2), image(2)));
}

TEST_F(ExampleReaderTest, TakesSeveralCaptionsOfAPictureTogether) {
  // "x" is in two records, with three captions in all.
  directory_.write("list.json", R"([{"image": "a.bmp", "caption": ["one", "two"], "image_id": "x"},
      {"image": "b.bmp", "caption": "three", "image_id": "y"},
      {"image": "a.bmp", "caption": "four", "image_id": "x"}])");
  for (const char* name : {"a.bmp", "b.bmp"}) {
    const auto bytes = bmp_of(9, 9, 1);
    directory_.write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  const auto texts = [&](std::size_t captions) {
    const ExampleReader reader(
        dataset::Dataset::open(std::vector{(directory_.path() / "list.json").string()},
                               {.root = directory_.path().string()}),
        {.image_size = 8, .prompt = "a ", .captions = captions});
    std::vector<std::vector<std::string>> all;
    for (std::size_t i = 0; i < reader.rows(); ++i) {
      const Example example = reader.read(i, 0);
      EXPECT_EQ(example.pictures.size(), 1U);
      all.push_back({example.text});
      all.back().insert(all.back().end(), example.more_texts.begin(), example.more_texts.end());
    }
    return all;
  };
  using testing::ElementsAre;
  EXPECT_THAT(texts(1), ElementsAre(ElementsAre("a one"), ElementsAre("a two"),
                                    ElementsAre("a three"), ElementsAre("a four")));
  EXPECT_THAT(texts(2), ElementsAre(ElementsAre("a one", "a two"), ElementsAre("a four"),
                                    ElementsAre("a three")));
  EXPECT_THAT(texts(5),
              ElementsAre(ElementsAre("a one", "a two", "a four"), ElementsAre("a three")));
}

class BadPictureTest : public ExampleReaderTest {
 protected:
  // Picture 1 of 3 cannot be decoded.
  std::string shard_with_bad_picture() {
    dataset::ShardWriter writer(directory_.path() / "b");
    for (int i = 0; i < 3; ++i) {
      dataset::Sample sample;
      sample.key = "key" + std::to_string(i);
      auto bytes = bmp_of(8, 8, static_cast<unsigned>(i));
      if (i == 1) bytes.resize(40);
      sample.pictures = {{"a.bmp", bytes}};
      sample.captions = {"caption " + std::to_string(i)};
      writer.write(sample);
    }
    writer.finish();
    return (directory_.path() / "b-000000.tar").string();
  }
};

TEST_F(BadPictureTest, IsAnErrorThatNamesShardAndSample) {
  const ExampleReader reader(open(shard_with_bad_picture()), {.image_size = 8});
  EXPECT_EQ(reader.read(0, 0).text, "caption 0");
  expect_error(ErrorCode::malformed, "b-000000.tar: sample 1: key1.bmp",
               [&] { reader.read(1, 0); });
}

TEST_F(BadPictureTest, IsReplacedByTheNextAndReported) {
  const ExampleReader reader(open(shard_with_bad_picture()),
                             {.image_size = 8, .bad_picture = BadPicture::replace});
  const Example example = reader.read(1, 0);
  EXPECT_EQ(example.text, "caption 2");
  EXPECT_THAT(example.replacement, testing::HasSubstr("sample 1: key1.bmp"));
  EXPECT_TRUE(reader.read(0, 0).replacement.empty());
}

TEST_F(BadPictureTest, StaysAnErrorWhereAllAreBad) {
  dataset::ShardWriter writer(directory_.path() / "c");
  dataset::Sample sample;
  sample.key = "only";
  sample.pictures = {{"a.jpg", {std::byte{1}}}};
  sample.captions = {"x"};
  writer.write(sample);
  writer.finish();
  const ExampleReader reader(open((directory_.path() / "c-000000.tar").string()),
                             {.image_size = 8, .bad_picture = BadPicture::replace});
  EXPECT_THROW(reader.read(0, 0), Error);
}

TEST_F(ExampleReaderTest, RefusesADataSetWithNothingToLearn) {
  const std::string path = write_caption_shard(directory_.path(), 2);
  expect_error(ErrorCode::invalid_argument, "nothing to train on",
               [&] { ExampleReader(open(path), {.kind = RowKind::question}); });
}

TEST_F(ExampleReaderTest, IsTheSameThroughAnyNumberOfLoadersThreads) {
  const std::string path = write_caption_shard(directory_.path(), 9);
  const auto pixels = [&](int workers) {
    const ExampleReader reader(open(path), {.image_size = 8, .cache_bytes = 2000});
    PrefetchingLoader loader(
        EpochSampler({.rows = reader.rows(), .batch = 4, .seed = 1}),
        [&](std::size_t row, std::uint32_t epoch) { return reader.read(row, epoch); },
        {.workers = workers, .batches_ahead = 3});
    std::vector<std::uint8_t> all;
    for (int i = 0; i < 10; ++i) {
      for (const Example& example : loader.next().examples) {
        const auto own = pixels_of(example.pictures.at(0));
        all.insert(all.end(), own.begin(), own.end());
        all.insert(all.end(), example.text.begin(), example.text.end());
      }
    }
    return all;
  };
  const auto expected = pixels(1);
  EXPECT_EQ(pixels(3), expected);
  EXPECT_EQ(pixels(8), expected);
}

}  // namespace
}  // namespace blip::train
