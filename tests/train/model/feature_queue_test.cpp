#include "train/model/feature_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "small_models.hpp"

namespace blip::train {
namespace {

class FeatureQueueTest : public testing::Test {
 protected:
  Parameters parameters;
  FeatureQueue queue = add_feature_queue(parameters, 3, 6, /*with_ids=*/true);

  FeatureQueueTest() { parameters.initialise(seeded(1)); }

  void enqueue(double value, std::int64_t id, std::int64_t rows = 2) const {
    const torch::Tensor features = torch::full({rows, 3}, value);
    queue.enqueue(features, -features, torch::full({rows}, id, torch::kInt64));
  }
};

TEST_F(FeatureQueueTest, StartsWithColumnsOfUnitLengthAndNoIds) {
  EXPECT_TRUE(torch::allclose(queue.image.norm(2, 0), torch::ones({6})));
  EXPECT_TRUE(torch::allclose(queue.text.norm(2, 0), torch::ones({6})));
  EXPECT_FALSE(torch::allclose(queue.text, queue.image));
  EXPECT_TRUE(queue.image_id.eq(-100).all().item<bool>());
  EXPECT_EQ(queue.pointer.item<std::int64_t>(), 0);
}

TEST_F(FeatureQueueTest, WritesOneBatchAfterAnotherAndWrapsRound) {
  const torch::Tensor first = queue.image.clone();
  enqueue(1.0, 11);
  EXPECT_TRUE(queue.image.slice(1, 0, 2).eq(1.0).all().item<bool>());
  EXPECT_TRUE(queue.image.slice(1, 2).equal(first.slice(1, 2)));
  EXPECT_EQ(queue.pointer.item<std::int64_t>(), 2);
  enqueue(2.0, 12);
  enqueue(3.0, 13);
  EXPECT_EQ(queue.pointer.item<std::int64_t>(), 0);
  enqueue(4.0, 14);
  EXPECT_EQ(queue.pointer.item<std::int64_t>(), 2);
  EXPECT_TRUE(queue.text[0].equal(torch::tensor({-4.0F, -4.0F, -2.0F, -2.0F, -3.0F, -3.0F})));
  EXPECT_TRUE(
      queue.image_id[0].equal(torch::tensor({14L, 14L, 12L, 12L, 13L, 13L}, torch::kInt64)));
}

TEST_F(FeatureQueueTest, RefusesBatchesThatDoNotFit) {
  const auto refused = [&](std::int64_t rows) {
    try {
      enqueue(1.0, 1, rows);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused(4),
              testing::HasSubstr("queue of 6 features, at place 0, cannot take batches of 4"));
  enqueue(1.0, 1, 2);
  // 6 is a multiple of 3, but the place, 2, is not.
  EXPECT_THAT(refused(3), testing::HasSubstr("at place 2"));
  EXPECT_EQ(queue.pointer.item<std::int64_t>(), 2);
}

}  // namespace
}  // namespace blip::train
