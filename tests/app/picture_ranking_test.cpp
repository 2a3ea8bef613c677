// What words of captions count beside vectors, by who wrote them.
#include "app/library/picture_ranking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

constexpr int kPictures = 40;

// Pictures 0, 1, 2…, whose vectors are ever further from {1, 0}. The last two have captions.
class PictureRankingTest : public ::testing::Test {
 protected:
  PictureRankingTest() {
    search::Transaction transaction = index_.transaction();
    for (int i = 0; i < kPictures; ++i) {
      search::PictureFacts facts;
      facts.hash = std::string(62, '0') + std::to_string(10 + i);
      ids_.push_back(index_.put_picture("/" + std::to_string(100 + i) + ".jpg",
                                        {.size = 1, .mtime = 1}, facts));
      const float angle = static_cast<float>(i) / kPictures;
      index_.put_vector(ids_.back(), model_, std::vector<float>{std::cos(angle), std::sin(angle)});
    }
    transaction.commit();
  }
  void write(int picture, const std::string& writer, const std::string& caption) {
    const search::IndexedModel by = index_.put_model(writer, 0);
    search::Transaction transaction = index_.transaction();
    index_.put_caption(ids_[static_cast<std::size_t>(picture)], by, caption);
    transaction.commit();
  }
  // The number of the best picture.
  int best(const std::string& words, double weight = kCaptionWordWeight) {
    const search::VectorSearch vectors(index_, model_);
    PictureQuery query;
    query.wanted.push_back({{1, 0}});
    query.words = words;
    query.word_weight = weight;
    query.count = 1;
    const auto ranked = rank_pictures(index_, model_, vectors, query, threads_);
    return static_cast<int>(std::find(ids_.begin(), ids_.end(), ranked.at(0).id) - ids_.begin());
  }

  TemporaryDirectory directory_;
  search::LibraryIndex index_{directory_.path() / "library.db", search::Access::write};
  search::IndexedModel model_ = index_.put_model("m", 2);
  ThreadPool threads_{1};
  std::vector<std::int64_t> ids_;
};

TEST_F(PictureRankingTest, WordsOfModelsCountAsTheyAreSaidTo) {
  write(kPictures - 1, "a model", "a zeppelin");
  EXPECT_EQ(best(""), 0);
  EXPECT_EQ(best("zeppelin"), 0);  // a hint, no more
  EXPECT_EQ(best("zeppelin", 0), 0);
  EXPECT_EQ(best("zeppelin", 1), kPictures - 1);
}

TEST_F(PictureRankingTest, WordsOfPeopleCountAsMuchAsVectors) {
  write(kPictures - 1, search::kByHand, "Anna");
  write(kPictures - 2, "a model", "a zeppelin");
  EXPECT_EQ(best("anna"), kPictures - 1);
  EXPECT_EQ(best("anna", 0), kPictures - 1);
  EXPECT_EQ(best("zeppelin"), 0);
}

}  // namespace
}  // namespace blip::app
