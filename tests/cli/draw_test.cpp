// blip draw, with a tiny DALL-E whose weights are made from its tensors' names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "blip/image.hpp"
#include "image/png_writer.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Outcome draw(std::vector<std::string> words, const RunOptions& options = {}) {
  words.insert(words.begin(), {"draw", "-m", drawing_model()});
  return run_blip(words, options);
}

std::vector<std::uint8_t> pixels_of(const std::filesystem::path& file) {
  const Image image = Image::open(file);
  return {image.pixels().begin(), image.pixels().end()};
}

TEST(DrawCommand, DrawsTheSeedsPicture) {
  const TemporaryDirectory directory;
  const auto file = [&](const char* name) { return (directory.path() / name).string(); };
  EXPECT_EQ(draw({"a cat", "-o", file("one.png"), "--threads", "1"}).exit_code, 0);
  EXPECT_EQ(draw({"a cat", "-o", file("two.png"), "--threads", "2", "--seed", "0"}).exit_code, 0);
  EXPECT_EQ(draw({"a cat", "-o", file("other.png"), "--seed", "1"}).exit_code, 0);
  EXPECT_EQ(draw({"a cat", "-o", file("grid.png"), "--grid", "2"}).exit_code, 0);
  EXPECT_EQ(Image::open(file("one.png")).width(), 16);
  EXPECT_EQ(pixels_of(file("one.png")), pixels_of(file("two.png")));
  EXPECT_NE(pixels_of(file("one.png")), pixels_of(file("other.png")));
  // The first of a grid, in its corner, is the picture alone.
  const Image grid = Image::open(file("grid.png"));
  ASSERT_EQ(grid.width(), 32);
  const Image alone = Image::open(file("one.png"));
  for (std::size_t row = 0; row < 16; ++row) {
    const auto left = grid.pixels().subspan(row * 32 * 3, 16 * 3);
    const auto wanted = alone.pixels().subspan(row * 16 * 3, 16 * 3);
    EXPECT_TRUE(std::equal(left.begin(), left.end(), wanted.begin())) << row;
  }
}

TEST(DrawCommand, WritesNumbersAndSeamlessPictures) {
  const TemporaryDirectory directory;
  const std::string numbers = (directory.path() / "x.npy").string();
  EXPECT_EQ(draw({"a cat", "--grid", "2", "-o", numbers}).exit_code, 0);
  const std::string array = read_file(numbers);
  ASSERT_EQ(array.size(), 128U + 32 * 32 * 3 * sizeof(float));
  const std::string bytes = (directory.path() / "bytes.png").string();
  EXPECT_EQ(draw({"a cat", "--grid", "2", "-o", bytes}).exit_code, 0);
  std::vector<std::uint8_t> of_numbers;
  for (std::size_t at = 128; at < array.size(); at += sizeof(float)) {
    float number = 0;
    std::memcpy(&number, array.data() + at, sizeof number);
    of_numbers.push_back(static_cast<std::uint8_t>(std::clamp(number, 0.0F, 1.0F) * 255.0F));
  }
  EXPECT_EQ(of_numbers, pixels_of(bytes));
  const std::string seamless = (directory.path() / "x.png").string();
  EXPECT_EQ(draw({"a cat", "--grid", "2", "--seamless", "-o", seamless}).exit_code, 0);
  EXPECT_EQ(Image::open(seamless).width(), 32);
}

TEST(DrawCommand, ShowsWhatIsDrawnSoFar) {
  const TemporaryDirectory directory;
  const std::filesystem::path steps = directory.path() / "steps";
  EXPECT_EQ(draw({"a cat", "-o", (directory.path() / "x.png").string(), "--progress",
                  steps.string(), "--progress-every", "5"})
                .exit_code,
            0);
  for (const char* name : {"0005.png", "0010.png", "0015.png"}) {
    EXPECT_EQ(Image::open(steps / name).width(), 16) << name;
  }
}

TEST(DrawCommand, DrawsListsAndResumes) {
  const TemporaryDirectory directory;
  const std::string list = directory.write("prompts.txt", "a cat\n\ncat dog\n \xE6\x97\xA5\n");
  const std::filesystem::path folder = directory.path() / "pictures";
  const Outcome first = draw({"--list", list, "-o", folder.string()});
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, HasSubstr("prompt 3: the prompt has no word"));
  const auto before = pixels_of(folder / "0001-a-cat.png");
  EXPECT_FALSE(pixels_of(folder / "0002-cat-dog.png").empty());
  std::filesystem::remove(folder / "0002-cat-dog.png");
  const std::string kept = read_file((folder / "0001-a-cat.png").string());
  directory.write("pictures/0001-a-cat.png", kept + "kept");
  EXPECT_EQ(draw({"--list", list, "-o", folder.string(), "--resume"}).exit_code, 1);
  EXPECT_TRUE(std::filesystem::exists(folder / "0002-cat-dog.png"));
  EXPECT_EQ(read_file((folder / "0001-a-cat.png").string()), kept + "kept");
}

TEST(DrawCommand, AnswersOddPrompts) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "x.png").string();
  const Outcome empty = draw({"  ", "-o", file});
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_THAT(empty.err, HasSubstr("the prompt is empty"));
  std::string words = "cat";
  for (int i = 1; i < 10'000; ++i) words += " cat";
  const Outcome many = draw({words, "-o", file});
  EXPECT_EQ(many.exit_code, 0);
  EXPECT_THAT(many.err, HasSubstr("the model reads 16 tokens: the last 9986 are left out"));
  const Outcome nul = draw({"--list", "-", "-o", (directory.path() / "folder").string()},
                           {.input = std::string("ca\0t\ncat\n", 9)});
  EXPECT_EQ(nul.exit_code, 2);
  EXPECT_THAT(nul.err, HasSubstr("holds NUL bytes"));
}

TEST(DrawCommand, RefusesWhatCannotBe) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "x.png").string();
  const auto expect_usage = [&](const std::vector<std::string>& words, const char* part) {
    const Outcome outcome = draw(words);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(part));
  };
  expect_usage({"-o", file}, "no prompt given");
  expect_usage({"a cat"}, "needs --output");
  expect_usage({"a cat", "-o", "x.gif"}, ".png, .jpg or .npy");
  expect_usage({"a cat", "-o", "no/such/folder/x.png"}, "there is no folder no/such/folder");
  expect_usage({"a cat", "-o", file, "--grid", "11"}, "--grid");
  expect_usage({"a cat", "-o", file, "--rerank", "x"}, "needs --grid 2");
  expect_usage({"a cat", "-o", file, "--start-token", "65"}, "tokens from 0 to 64");
  const Outcome wrong = run_blip({"draw", "a cat", "-m", task_model("itm"), "-o", file});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("this needs a DalleModel"));
}

TEST(DrawCommand, ChoosesTheBestOfAGrid) {
  const TemporaryDirectory directory;
  const std::string grid = (directory.path() / "grid.png").string();
  ASSERT_EQ(draw({"a cat", "--grid", "2", "-o", grid}).exit_code, 0);
  const Image all = Image::open(grid);
  // As `blip match` judges each of them.
  std::size_t best = 0;
  double best_score = -1;
  std::vector<std::uint8_t> best_pixels;
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<std::uint8_t> tile;
    for (std::size_t y = 0; y < 16; ++y) {
      const std::size_t at = ((i % 2 * 16 + y) * 32 + i / 2 * 16) * 3;
      tile.insert(tile.end(), all.pixels().begin() + static_cast<std::ptrdiff_t>(at),
                  all.pixels().begin() + static_cast<std::ptrdiff_t>(at + 48));
    }
    const auto png = image::png_bytes(Image(16, 16, tile));
    const std::string file = (directory.path() / "tile.png").string();
    write_file(file, std::string(reinterpret_cast<const char*>(png.data()), png.size()));
    const Outcome match =
        run_blip({"match", file, "a cat", "-m", task_model("itm"), "--format", "json"});
    const double score = Json::parse(match.out).at(0).at("itm");
    if (score > best_score) {
      best = i;
      best_score = score;
      best_pixels = tile;
    }
  }
  const std::string file = (directory.path() / "best.png").string();
  const Outcome outcome = draw({"a cat", "--grid", "2", "--rerank", task_model("itm"), "-o", file});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("picture " + std::to_string(best + 1) + " of 4\t"));
  const double told = std::stod(outcome.out.substr(outcome.out.rfind('\t') + 1));
  EXPECT_NEAR(told, best_score, 1e-4);
  EXPECT_EQ(pixels_of(file), best_pixels);
}

TEST(DrawCommand, DrawsWithConvertedModels) {
  const TemporaryDirectory directory;
  const std::string model = (directory.path() / "int8").string();
  const Outcome converted = run_blip({"convert", drawing_model(), model, "--dtype", "int8"});
  EXPECT_EQ(converted.exit_code, 0) << converted.err;
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "int8" / "vocab.json"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "int8" / "preprocessor_config.json"));
  const Outcome inspected = run_blip({"inspect", model, "--format", "json"});
  EXPECT_EQ(inspected.exit_code, 0) << inspected.out;
  EXPECT_EQ(Json::parse(inspected.out).at("commands"), Json::array({"draw"}));
  const std::string file = (directory.path() / "x.png").string();
  EXPECT_EQ(run_blip({"draw", "a cat", "-m", model, "-o", file}).exit_code, 0);
}

// Of the pixels of a picture, how many are more of this colour than of the others.
std::size_t count_pixels(const Image& image, std::array<int, 3> color) {
  const auto pixels = image.pixels();
  std::size_t count = 0;
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    int distance = 0;
    for (std::size_t c = 0; c < 3; ++c) distance += std::abs(pixels[i + c] - color.at(c));
    if (distance < 120) ++count;
  }
  return count;
}

TEST(DrawCommand, TheBundledModelDrawsColouredShapes) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "red.png").string();
  // A grid of nine, so that one that fails does not count.
  const Outcome run = run_blip({"draw", "a red rectangle", "--grid", "3", "-o", file});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Image grid = Image::open(file);
  ASSERT_EQ(grid.width(), 3 * 64);
  EXPECT_GT(count_pixels(grid, {255, 0, 0}), 200U);
  EXPECT_LT(count_pixels(grid, {0, 0, 255}), 50U);
  EXPECT_GT(count_pixels(grid, {245, 245, 245}), 15'000U);
}

}  // namespace
}  // namespace blip::testing
