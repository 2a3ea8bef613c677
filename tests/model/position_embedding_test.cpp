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

// torch.nn.functional.interpolate(…, mode="bicubic", antialias=True) of a grid of 6 × 6.
TEST(PositionEmbedding, InterpolatesWithAntialiasingAsTorch) {
  const std::vector<float> embedding = {
      9,  // a token that is kept
      -0.5879731F, 0.955494F,   -0.7871329F, -0.2762865F, 0.2180757F,  -0.0425407F,
      0.3065836F,  0.4530197F,  -0.2251235F, 0.307787F,   0.6267059F,  -0.5946679F,
      0.4981742F,  0.9629109F,  -0.9430768F, -0.2676914F, -0.8155159F, -0.3659362F,
      0.5472842F,  -0.369291F,  -0.9097455F, -0.5985837F, -0.9453765F, -0.8203498F,
      0.4232703F,  -0.3224781F, 0.5617402F,  -0.1567971F, 0.5884396F,  -0.9183221F,
      -0.8718667F, 0.8367227F,  0.1115297F,  0.7666531F,  -0.5698342F, -0.9075812F};
  const std::vector<float> expected = {
      9,           0.2696951F,  -0.0611198F, 0.0539416F, -0.0645456F, 0.4887127F, -0.4025264F,
      -0.4980654F, -0.6327145F, -0.0595246F, 0.2345091F, 0.1536875F,  -0.650491F};
  std::vector<float> out(expected.size());
  interpolate_position_embedding(embedding.data(), 6, 1, 3, 4, out.data(), 1,
                                 PositionResampling::antialiased_bicubic);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(out[i], expected[i], 1e-6) << i;
}

}  // namespace
}  // namespace blip
