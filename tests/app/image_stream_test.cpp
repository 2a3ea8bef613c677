// Pictures come in the order of their list, whatever becomes of single ones.
#include "app/images/image_stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "blip/error.hpp"
#include "tests/core/expect_error.hpp"

namespace blip::app {
namespace {

NextInput numbers_below(std::size_t count) {
  return
      [count, next = std::size_t{0}](const std::stop_token&) mutable -> std::optional<ImageInput> {
        if (next == count) return std::nullopt;
        const std::size_t index = next++;
        return ImageInput{.path = std::to_string(index), .index = index, .error = {}};
      };
}

Tensor pixels_of(const ImageInput& input) {
  // The first ones take longest, so that later ones are ready before them.
  if (input.index % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return {{1, 3, 1, 1}, std::vector<float>(3, static_cast<float>(input.index))};
}

TEST(ImageStream, GivesBatchesInOrder) {
  for (const int threads : {1, 2, 5}) {
    ImageStream stream(numbers_below(23), pixels_of, threads, 6);
    std::size_t seen = 0;
    while (const auto batch = stream.next_batch(5)) {
      EXPECT_EQ(batch->all().size(), seen < 20 ? 5U : 3U);
      for (const PreparedImage& image : batch->all()) {
        EXPECT_EQ(image.index, seen);
        EXPECT_EQ(image.name, std::to_string(seen));
        EXPECT_EQ(image.pixel_values.data.front(), static_cast<float>(seen));
        ++seen;
      }
      EXPECT_EQ(batch->images().size(), batch->all().size());
    }
    EXPECT_EQ(seen, 23U);
    EXPECT_FALSE(stream.next_batch(5));
  }
}

TEST(ImageStream, APartOfABatchComesWhenTheListIsSlow) {
  std::atomic<bool> goes_on = false;
  const NextInput next =
      [&, at = std::size_t{0}](const std::stop_token& stop) mutable -> std::optional<ImageInput> {
    while (at == 2 && !goes_on && !stop.stop_requested()) std::this_thread::yield();
    if (at == 5) return std::nullopt;
    const std::size_t index = at++;
    return ImageInput{.path = std::to_string(index), .index = index, .error = {}};
  };
  ImageStream stream(next, pixels_of, 2, 8);
  const std::chrono::milliseconds patience(20);
  EXPECT_EQ(stream.next_batch(4, patience)->all().size(), 2U);
  goes_on = true;
  std::size_t rest = 0;
  while (const auto batch = stream.next_batch(4, patience)) rest += batch->all().size();
  EXPECT_EQ(rest, 3U);
}

TEST(ImageStream, KeepsFailuresInTheirPlaces) {
  const auto prepare = [](const ImageInput& input) {
    if (input.index == 1) throw Error(ErrorCode::malformed, "1: empty file");
    if (input.index == 2) throw std::bad_alloc();
    return pixels_of(input);
  };
  ImageStream stream(numbers_below(4), prepare, 2, 4);
  const auto batch = stream.next_batch(10);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->all().size(), 4U);
  EXPECT_EQ(batch->all()[1].error, "empty file") << "the name has a place of its own";
  EXPECT_EQ(batch->all()[2].error, "not enough memory to read this picture");
  ASSERT_EQ(batch->images().size(), 2U);
  EXPECT_EQ(batch->images()[1]->index, 3U);
}

TEST(ImageStream, ThrowsWhatReadingTheListThrew) {
  const NextInput next = [given =
                              false](const std::stop_token&) mutable -> std::optional<ImageInput> {
    if (std::exchange(given, true)) throw Error(ErrorCode::unreadable, "list: gone");
    return ImageInput{.path = "a", .index = 0, .error = {}};
  };
  ImageStream stream(next, pixels_of, 2, 4);
  EXPECT_EQ(stream.next_batch(1)->all().front().name, "a");
  expect_error(ErrorCode::unreadable, "list: gone", [&] { (void)stream.next_batch(1); });
}

TEST(ImageBatch, CutsRunsWhereShapesOrPlacesChange) {
  std::vector<PreparedImage> images(5);
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i].index = i < 3 ? i : i + 1;  // 0 1 2 | 4 5
    images[i].pixel_values = {{1, 3, i == 4 ? 2 : 1, 1}, std::vector<float>(i == 4 ? 6 : 3)};
  }
  const ImageBatch batch(std::move(images));
  EXPECT_EQ(runs_of_one_shape(batch.images()).size(), 2U);
  const auto runs = runs_of_one_shape(batch.images(), /*consecutive=*/true);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].size(), 3U);
  EXPECT_EQ(stacked_pixels(runs[0]).shape, (std::vector<std::int64_t>{3, 3, 1, 1}));
}

}  // namespace
}  // namespace blip::app
