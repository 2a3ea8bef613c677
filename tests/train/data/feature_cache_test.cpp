#include "train/data/feature_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "blip/error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::train {
namespace {

class FeatureCacheTest : public ::testing::Test {
 protected:
  [[nodiscard]] FeatureCacheOptions options(std::uint64_t fingerprint = 7,
                                            std::uint64_t max_bytes = 1 << 20) const {
    return {directory_.path() / "features", fingerprint, 5, max_bytes};
  }
  [[nodiscard]] std::filesystem::path only_file() const {
    return std::filesystem::directory_iterator(directory_.path() / "features")->path();
  }
  static Features features(std::uint16_t first) { return {first, 2, 3, 4, 0xFFFF}; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(FeatureCacheTest, KeepsWhatLaterRunsFind) {
  {
    FeatureCache cache(options());
    EXPECT_FALSE(cache.find({1, 2}));
    cache.add({1, 2}, features(1));
    cache.add({1, 3}, features(9));
    cache.add({1, 2}, features(8));  // is there already
    EXPECT_EQ(cache.find({1, 2}), features(1));
  }
  FeatureCache later(options());
  EXPECT_EQ(later.size(), 2U);
  EXPECT_EQ(later.find({1, 3}), features(9));
  later.add({4, 4}, features(4));
  // Of two runs at a time each has its own file.
  FeatureCache beside(options());
  beside.add({5, 5}, features(5));
  EXPECT_EQ(FeatureCache(options()).size(), 4U);
  // Another backbone has others.
  EXPECT_EQ(FeatureCache(options(8)).size(), 0U);
}

TEST_F(FeatureCacheTest, IsBounded) {
  FeatureCache cache(options(7, 32 + 2 * 34));  // the header, two records
  for (std::uint64_t i = 0; i < 5; ++i) cache.add({i, i}, features(1));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_THAT(
      [&] {
        cache.add({9, 9}, Features{1, 2});
      },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("features of 2 numbers")));
}

TEST_F(FeatureCacheTest, DamageIsNotFound) {
  {
    FeatureCache cache(options());
    cache.add({1, 1}, features(1));
    cache.add({2, 2}, features(2));
    cache.add({3, 3}, features(3));
  }
  const std::filesystem::path file = only_file();
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(32 + 30);  // in the first record's features
    damage.put('x');
  }
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  FeatureCache cache(options());
  EXPECT_FALSE(cache.find({1, 1}));
  EXPECT_EQ(cache.find({2, 2}), features(2));
  EXPECT_FALSE(cache.find({3, 3}));
  std::ofstream(file) << "something else that is longer than a header of ours";
  EXPECT_EQ(FeatureCache(options()).size(), 0U);
}

TEST_F(FeatureCacheTest, KeysTellPicturesApart) {
  const std::vector<std::byte> one(1000, std::byte{1});
  std::vector<std::byte> other = one;
  other[999] = std::byte{2};
  EXPECT_EQ(feature_key(one, 260, false), feature_key(one, 260, false));
  EXPECT_NE(feature_key(one, 260, false), feature_key(one, 260, true));
  EXPECT_NE(feature_key(one, 260, false), feature_key(one, 261, false));
  EXPECT_NE(feature_key(one, 260, false), feature_key(other, 260, false));
  EXPECT_NE(feature_key(std::span(one).first(8), 1, false),
            feature_key(std::span(one).first(16), 1, false));
}

}  // namespace
}  // namespace blip::train
