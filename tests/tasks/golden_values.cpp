#include "golden_values.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace blip {

using nlohmann::json;

json read_golden(const std::string& file) {
  std::ifstream stream(BLIP_TEST_DATA "/" + file);
  return json::parse(stream);
}

void expect_samples(const Tensor& tensor, const json& samples, double tolerance,
                    const std::string& what) {
  ASSERT_FALSE(samples.empty());
  for (const json& sample : samples) {
    const auto index = sample[0].get<std::size_t>();
    ASSERT_LT(index, tensor.data.size()) << what;
    EXPECT_NEAR(tensor.data[index], sample[1].get<double>(), tolerance) << what << " " << index;
  }
}

void expect_values(std::span<const float> actual, const json& values, double tolerance,
                   const std::string& what) {
  ASSERT_EQ(actual.size(), values.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(actual[i], values[i].get<double>(), tolerance) << what << " " << i;
  }
}

}  // namespace blip
