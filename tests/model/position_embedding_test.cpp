// Position-embedding interpolation against torch (tools/reference/make_model_fixtures.py).
#include "model/position_embedding.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace blip {
namespace {

TEST(PositionEmbedding, InterpolatesAsTorch) {
  std::ifstream file(BLIP_TEST_DATA "/position_embedding.json");
  const auto golden = nlohmann::json::parse(file);
  const auto embedding = golden.at("embedding").get<std::vector<float>>();
  ASSERT_EQ(golden.at("results").size(), 5U);
  for (const auto& result : golden.at("results")) {
    const auto expected = result.at("values").get<std::vector<float>>();
    std::vector<float> out(expected.size());
    interpolate_position_embedding(embedding.data(), golden.at("grid"), golden.at("hidden"),
                                   result.at("height"), result.at("width"), out.data());
    // Keys' outer polynomial subtracts terms near 12, so torch's float32 weights carry errors of
    // 1e-6 themselves.
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(out[i], expected[i], 3e-6) << result.at("height") << "×" << result.at("width");
    }
  }
}

}  // namespace
}  // namespace blip
