#include "dataset/annotated_pictures.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tar_bytes.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

using ::testing::ElementsAre;

class AnnotatedPictures : public ::testing::Test {
 protected:
  // Sources are named in this order.
  void add(const std::string& name, const std::string& bytes) {
    directory_.write(name, bytes);
    sources_.push_back((directory_.path() / name).string());
  }
  [[nodiscard]] std::vector<AnnotatedPicture> pictures() const {
    return annotated_pictures(Dataset::open(sources_, {directory_.path()}));
  }

 private:
  TemporaryDirectory directory_;
  std::vector<std::string> sources_;
};

TEST_F(AnnotatedPictures, CollectWhatSamplesOfOneImageSay) {
  add("list.json", R"([{"image": "a.jpg", "caption": "first"}, {"image": "b.jpg", "caption": "x"},
                       {"image": "a.jpg", "caption": "second"}])");
  add("part.tar", tar_of({{"0.jpg", "1"},
                          {"0.json", R"({"image_id": 7, "caption": "one"})"},
                          {"1.jpg", "1"},
                          {"1.json", R"({"image_id": 7, "caption": "two"})"}}));
  const auto found = pictures();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_THAT(found[0].captions, ElementsAre("first", "second"));
  EXPECT_EQ(found[1].sample, 1U);
  EXPECT_THAT(found[2].captions, ElementsAre("one", "two"));
  EXPECT_EQ(found[2].key, "0");
}

// Shards often begin at 000000 each.
TEST_F(AnnotatedPictures, OfTwoShardsAreOthersWhateverTheirNames) {
  add("a.tar", tar_of({{"000000.jpg", "1"}, {"000000.txt", "a dog"}}));
  add("b.tar", tar_of({{"000000.jpg", "2"}, {"000000.txt", "a cat"}}));
  const auto found = pictures();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].captions, ElementsAre("a dog"));
  EXPECT_THAT(found[1].captions, ElementsAre("a cat"));
  EXPECT_EQ(found[0].key, "000000");
  EXPECT_EQ(found[1].key, "000000 (sample 1)");
}

TEST_F(AnnotatedPictures, PairsThatShareTheirFirstStayApart) {
  add("pairs.json", R"([{"images": ["a.jpg", "b.jpg"], "sentence": "s", "label": "True"},
                        {"images": ["a.jpg", "c.jpg"], "sentence": "t", "label": "False"}])");
  const auto found = pictures();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].sample, 1U);
  ASSERT_EQ(found[1].statements.size(), 1U);
  EXPECT_EQ(found[1].statements.front().text, "t");
}

}  // namespace
}  // namespace blip::dataset
