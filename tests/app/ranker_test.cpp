// What is known of a ranking at every moment: it may be interrupted at any.
#include "app/ranker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "app/images/image_stream.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kText = "a cat on a sofa";

std::vector<fs::path> photos() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(BLIP_PHOTOS)) {
    if (entry.path().extension() == ".jpg") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

ImageStream stream_of(const PictureReader& reader) {
  const auto next = [paths = photos(), i = std::size_t{0}](
                        const std::stop_token&) mutable -> std::optional<ImageInput> {
    if (i == paths.size()) return std::nullopt;
    const std::size_t index = i++;
    return ImageInput{.path = paths[index], .index = index, .error = {}};
  };
  return {next, [&reader](const ImageInput& input) { return reader(input.path); }, 2, 4};
}

ModelOptions model() {
  return {.model = fs::path(BLIP_TASK_MODELS) / "itm"};
}

TEST(ImageRanker, IsRankedByTheCosineUntilTheMatchingHeadHasSeenIt) {
  Context context({.num_threads = 2});
  ImageRanker ranker(model(), TextStyle::hf, kText, {.candidates = 4, .rerank = true, .top = 10},
                     context);
  EXPECT_TRUE(ranker.ranking().empty());
  ImageStream images = stream_of(ranker.pictures());
  while (const auto batch = images.next_batch(2)) {
    ranker.add(batch->images(), context);
    const auto so_far = ranker.ranking();
    EXPECT_TRUE(std::is_sorted(so_far.begin(), so_far.end(), [](const auto& a, const auto& b) {
      return a.ranked.cosine > b.ranked.cosine;
    }));
  }
  ASSERT_EQ(ranker.num_candidates(), 4U);
  const auto by_cosine = ranker.ranking();
  for (const auto& entry : by_cosine) EXPECT_FALSE(entry.ranked.matching);

  std::vector<std::size_t> progress;
  ranker.rerank(context, [&](std::size_t done) {
    progress.push_back(done);
    const auto now = ranker.ranking();
    ASSERT_EQ(now.size(), 4U);
    for (std::size_t i = 0; i < now.size(); ++i) {
      EXPECT_EQ(now[i].ranked.matching.has_value(), i < done);
    }
    // The best cosines are seen first.
    EXPECT_TRUE(std::any_of(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(done),
                            [&](const auto& each) { return each.name == by_cosine[0].name; }));
  });
  EXPECT_EQ(progress, (std::vector<std::size_t>{1, 2, 3, 4}));
  const auto ranking = ranker.ranking();
  EXPECT_TRUE(std::is_sorted(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
    return a.ranked.score() > b.ranked.score();
  }));
}

TEST(ImageRanker, ReturnsTheTopAlone) {
  Context context({.num_threads = 1});
  ImageRanker ranker(model(), TextStyle::hf, kText, {.candidates = 9, .rerank = false, .top = 2},
                     context);
  ImageStream images = stream_of(ranker.pictures());
  while (const auto batch = images.next_batch(3)) ranker.add(batch->images(), context);
  ranker.rerank(context, [](std::size_t) { ADD_FAILURE() << "there is nothing to re-rank"; });
  EXPECT_EQ(ranker.ranking().size(), 2U);
}

TEST(TextRanker, GivesBothDirectionsTheSameScores) {
  Context context({.num_threads = 2});
  const std::vector<std::string> texts = {"a dog", kText, "a red sign"};
  const RankerOptions options = {.candidates = 100, .rerank = true, .top = 100};
  const TextRanker text_ranker(model(), TextStyle::hf, texts, options, context);
  ImageRanker image_ranker(model(), TextStyle::hf, texts[1], options, context);
  ImageStream images = stream_of(text_ranker.pictures());
  std::vector<float> scores;  // of texts[1], image by image
  while (const auto batch = images.next_batch(2)) {
    for (const auto& ranked : text_ranker.rank(batch->images(), context)) {
      ASSERT_EQ(ranked.size(), texts.size());
      const auto found = std::find_if(ranked.begin(), ranked.end(),
                                      [](const Ranked& each) { return each.index == 1; });
      scores.push_back(found->score());
    }
    image_ranker.add(batch->images(), context);
  }
  image_ranker.rerank(context, [](std::size_t) {});
  for (const auto& entry : image_ranker.ranking()) {
    EXPECT_NEAR(entry.ranked.score(), scores[entry.ranked.index], 1e-5F);
  }
}

// The same model reads the pictures again.
TEST(Reranker, GivesTheScoresOfItsOwnHead) {
  Context context({.num_threads = 2});
  const RankerOptions own = {.candidates = 4, .rerank = true, .top = 4};
  RankerOptions other = own;
  other.reranker = model();
  ImageRanker first(model(), TextStyle::hf, kText, own, context);
  ImageRanker second(model(), TextStyle::hf, kText, other, context);
  ImageStream images = stream_of(first.pictures());
  while (const auto batch = images.next_batch(2)) {
    first.add(batch->images(), context);
    second.add(batch->images(), context);
  }
  first.rerank(context, [](std::size_t) {});
  second.rerank(context, [](std::size_t) {});
  const auto expected = first.ranking();
  const auto ranking = second.ranking();
  ASSERT_EQ(ranking.size(), expected.size());
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    EXPECT_EQ(ranking[i].name, expected[i].name);
    EXPECT_NEAR(ranking[i].ranked.score(), expected[i].ranked.score(), 1e-5F);
  }

  const std::vector<std::string> texts = {"a dog", kText, "a red sign"};
  const TextRanker of_own(model(), TextStyle::hf, texts, own, context);
  const TextRanker of_other(model(), TextStyle::hf, texts, other, context);
  ImageStream again = stream_of(of_own.pictures());
  const auto batch = again.next_batch(2);
  const auto left = of_own.rank(batch->images(), context);
  const auto right = of_other.rank(batch->images(), context);
  for (std::size_t image = 0; image < 2; ++image) {
    ASSERT_EQ(left[image].size(), right[image].size());
    for (std::size_t i = 0; i < left[image].size(); ++i) {
      EXPECT_EQ(left[image][i].index, right[image][i].index);
      EXPECT_NEAR(left[image][i].score(), right[image][i].score(), 1e-5F);
    }
  }
}

TEST(Reranker, LeavesThePicturesThatAreGoneWithTheirCosine) {
  Context context({.num_threads = 1});
  RankerOptions options = {.candidates = 9, .rerank = true, .top = 9};
  options.reranker = model();
  ImageRanker ranker(model(), TextStyle::hf, kText, options, context);
  const fs::path copy = fs::path(::testing::TempDir()) / "vanishing.jpg";
  fs::copy_file(photos().front(), copy, fs::copy_options::overwrite_existing);
  const PreparedImage image = {
      .name = copy.string(), .index = 0, .pixel_values = ranker.pictures()(copy), .error = {}};
  const PreparedImage* const alone = &image;
  ranker.add(std::span(&alone, 1), context);
  fs::remove(copy);
  ranker.rerank(context, [](std::size_t) {});
  ASSERT_EQ(ranker.ranking().size(), 1U);
  EXPECT_FALSE(ranker.ranking().front().ranked.matching);
}

TEST(Reranker, NeedsAMatchingHead) {
  Context context({.num_threads = 1});
  RankerOptions options;
  options.reranker = {.model = fs::path(BLIP_TASK_MODELS) / "blip"};
  EXPECT_THROW(ImageRanker(model(), TextStyle::hf, kText, options, context), Error);
}

}  // namespace
}  // namespace blip::app
