#include "blip/tensor.hpp"

#include <gtest/gtest.h>

#include <array>

namespace blip {
namespace {

float sum(TensorView tensor) {
  float sum = 0.0F;
  for (const float value : tensor.values()) sum += value;
  return sum;
}

TEST(TensorView, TakesATensorOrNumbersThatLieElsewhere) {
  const Tensor tensor{{2, 2}, {1.0F, 2.0F, 3.0F, 4.0F}};
  EXPECT_EQ(sum(tensor), 10.0F);
  const TensorView view = tensor;
  EXPECT_EQ(view.data.data(), tensor.data.data()) << "copied";
  EXPECT_EQ(view.shape.data(), tensor.shape.data());

  const std::array<std::int64_t, 2> shape = {1, 3};
  const std::array<float, 3> numbers = {1.0F, 2.0F, 3.0F};
  EXPECT_EQ(sum({shape, numbers}), 6.0F);
  EXPECT_FALSE(view.empty());
  EXPECT_TRUE(TensorView(Tensor()).empty());
}

}  // namespace
}  // namespace blip
