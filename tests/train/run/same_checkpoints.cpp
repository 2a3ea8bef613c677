#include "same_checkpoints.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>

#include "train/run/run_checkpoint.hpp"

namespace blip::testing {
namespace {

void expect_same_bits(const train::NamedTensors& left, const train::NamedTensors& right) {
  ASSERT_FALSE(left.empty());
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, tensor] : left) {
    const torch::Tensor other = train::find_tensor(right, name);
    ASSERT_TRUE(other.defined()) << name;
    ASSERT_EQ(tensor.sizes(), other.sizes()) << name;
    ASSERT_EQ(tensor.scalar_type(), other.scalar_type()) << name;
    EXPECT_EQ(std::memcmp(tensor.data_ptr(), other.data_ptr(), tensor.nbytes()), 0) << name;
  }
}

}  // namespace

void expect_same_checkpoints(const std::filesystem::path& left,
                             const std::filesystem::path& right) {
  const train::RunState one = train::load_checkpoint(left);
  const train::RunState two = train::load_checkpoint(right);
  EXPECT_EQ(one.position, two.position);
  expect_same_bits(one.model, two.model);
  expect_same_bits(one.optimizer, two.optimizer);
  expect_same_bits(one.random, two.random);
}

}  // namespace blip::testing
