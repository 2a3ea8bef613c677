// From the maps of tokens to words, pictures and files.
#include "app/explain/explanation.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/explain/explanation_file.hpp"
#include "app/explain/explanation_picture.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

Explanation three_words() {
  return {.text = "a red\ncat",
          .words = {"a", "red", "cat"},
          .maps = {{3, 1, 2}, {0, 1, 2, 3, 4, 5}},
          .mean = {{1, 2}, {2, 3}},
          .score = 0};
}

TEST(Explanation, JoinsThePiecesOfWords) {
  const auto tokenizer = BertTokenizer::from_pretrained(BLIP_TASK_MODELS "/itm");
  const std::vector<TokenId> ids = tokenizer.encode("a motorcycle, a skateboard");
  const GradCam cam{.tokens = {ids.begin() + 1, ids.end() - 1},
                    .maps = {{static_cast<std::int64_t>(ids.size()) - 2, 1, 2}, {}},
                    .mean = {{1, 2}, {1, 1}},
                    .score = 3};
  GradCam filled = cam;
  for (std::size_t i = 0; i < cam.tokens.size(); ++i) {
    filled.maps.data.push_back(static_cast<float>(i));
    filled.maps.data.push_back(static_cast<float>(10 * i));
  }
  const Explanation explanation = explanation_of(tokenizer, "text", filled);
  // a motor ##cycle , a skate? - the vocabulary has no "skate": [UNK]
  EXPECT_EQ(explanation.words.size(), 5U);
  EXPECT_EQ(explanation.words[1], "motorcycle");
  EXPECT_EQ(explanation.words[2], ",");
  EXPECT_EQ(explanation.maps.shape, (std::vector<std::int64_t>{5, 1, 2}));
  EXPECT_FLOAT_EQ(explanation.maps.data[2], 1.5F);  // the mean of tokens 1 and 2
  EXPECT_FLOAT_EQ(explanation.maps.data[3], 15.0F);
  EXPECT_FLOAT_EQ(explanation.maps.data[4], 3.0F);
  EXPECT_EQ(explanation.mean.data, cam.mean.data);
  EXPECT_EQ(explanation.score, 3.0F);
}

TEST(ExplanationFile, IsAnArrayWithTheMeanFirstAndTheWordsBesideIt) {
  const TemporaryDirectory directory;
  write_explanation_npy(directory.path() / "maps.npy", three_words());
  const std::string bytes = content(directory.path() / "maps.npy");
  ASSERT_EQ(bytes.size(), 128 + 8 * sizeof(float));
  EXPECT_NE(bytes.find("'shape': (4, 1, 2), }"), std::string::npos);
  std::vector<float> numbers(8);
  std::memcpy(numbers.data(), bytes.data() + 128, 8 * sizeof(float));
  EXPECT_EQ(numbers, (std::vector<float>{2, 3, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(content(directory.path() / "maps.names.txt"), "a red?cat\na\nred\ncat\n");
}

TEST(ExplanationFile, HasAPlainName) {
  EXPECT_EQ(plain_name_of("/photos/my cat (1).jpg"), "my_cat__1_");
  EXPECT_EQ(plain_name_of("https://example.org/a/dog.png?width=3&x=/y.jpg#z"), "dog");
  EXPECT_EQ(plain_name_of("https://example.org/"), "image");
  EXPECT_EQ(plain_name_of("caf\xc3\xa9\xff.jpg"), "caf___");
  EXPECT_EQ(plain_name_of(std::string(300, 'a')).size(), 80U);
}

TEST(ExplanationFolder, IsMadeAndNamesItsFilesByTheirPlace) {
  const TemporaryDirectory directory;
  const std::string photo = std::string(BLIP_PHOTOS) + "/cat.jpg";
  const ExplanationFolder folder(directory.path() / "new" / "folder", {.png = true, .npy = true},
                                 PictureOptions{});
  folder.write(photo, 11, 0, 1, three_words());
  folder.write(photo, 11, 1, 2, three_words());
  for (const char* name :
       {"000012-cat.png", "000012-cat.npy", "000012-cat.names.txt", "000012-cat-2.png"}) {
    EXPECT_TRUE(std::filesystem::exists(directory.path() / "new" / "folder" / name)) << name;
  }
  directory.write("file", "");
  expect_error(ErrorCode::unreadable, "cannot be written",
               [&] { (void)ExplanationFolder(directory.path() / "file", {}, PictureOptions{}); });
}

TEST(ExplanationPicture, HasATileForThePhotoTheMeanAndEveryWord) {
  const Image photo(600, 300, std::vector<std::uint8_t>(600 * 300 * 3, 90));
  const Image picture = explanation_picture(photo, three_words());
  // Two lines of four tiles, and a title.
  EXPECT_GT(picture.width(), 4 * kTileSide);
  EXPECT_GT(picture.height(), 2 * kTileSide / 2);
  EXPECT_LT(picture.height(), 2 * kTileSide / 2 + 150);
  // The photo as it is, then the mean, darker where it is cold.
  const auto at = [&](int x, int y) {
    return picture.pixels()[static_cast<std::size_t>(3 * (y * picture.width() + x))];
  };
  EXPECT_EQ(at(30, 80), 90);
  EXPECT_LT(at(330, 80), 90);
  // A text without words, a photo of one pixel, and words beyond the most.
  Explanation none = three_words();
  none.words.clear();
  none.maps = {{0, 1, 2}, {}};
  none.mean.data = {0, 0};
  EXPECT_GT(explanation_picture(Image(1, 1, {1, 2, 3}), none).height(), 0);
  Explanation many = three_words();
  many.words.assign(500, "word");
  many.maps = {{500, 1, 2}, std::vector<float>(1000, 0.5F)};
  const Image cut = explanation_picture(photo, many);
  EXPECT_LT(cut.height(), 25 * (kTileSide / 2 + 50) + 100);
}

}  // namespace
}  // namespace blip::app
