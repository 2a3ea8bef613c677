// Replays what transformers' generate() answered on the hash decoder's logits
// (tools/reference/parity_generate.py --write-fixtures).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "blip/error.hpp"
#include "tests/generate/replay.hpp"

namespace blip {
namespace {

nlohmann::json read_cases(const std::string& name) {
  std::ifstream file(std::string(BLIP_TEST_DATA) + "/" + name);
  return nlohmann::json::parse(file);
}

// compute_transition_scores(normalize_logits=True), its sum and its mean.
void expect_transitions(const GeneratedSequence& sequence, const nlohmann::json& expected) {
  const auto wanted = expected.get<std::vector<double>>();
  ASSERT_EQ(sequence.transition_scores.size(), wanted.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(sequence.transition_scores[i], wanted[i], 1e-5 * std::max(1.0, -wanted[i]));
    sum += wanted[i];
  }
  EXPECT_NEAR(sequence.log_probability(), sum, 1e-5 * std::max(1.0, -sum));
  const double mean = sum / static_cast<double>(wanted.size());
  EXPECT_NEAR(sequence.mean_log_probability(), mean, 1e-5 * std::max(1.0, -mean));
}

TEST(TransformersCases, SequencesAreIdenticalAndScoresAgree) {
  const auto cases = read_cases("transformers_cases.json");
  ASSERT_GE(cases.size(), 300U);
  for (const auto& entry : cases) {
    SCOPED_TRACE(entry.dump());
    const auto& expected = entry.at("expected");
    auto request = entry;
    request["options"]["output_scores"] = true;
    if (expected.contains("error")) {
      EXPECT_THROW(static_cast<void>(run_case(request)), Error);
      continue;
    }
    const auto sequences = run_case(request);
    ASSERT_EQ(sequences.size(), expected.at("ids").size());
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      EXPECT_EQ(sequences[i].ids, expected.at("ids")[i].get<std::vector<TokenId>>());
      const float score = expected.at("scores")[i];
      EXPECT_NEAR(sequences[i].score, score, 1e-5 * std::max(1.0F, std::abs(score)));
      expect_transitions(sequences[i], expected.at("transitions")[i]);
    }
  }
}

// A sequence must not depend on its batch: every image of a case alone gives the same text.
TEST(TransformersCases, BatchesEqualSingleImages) {
  for (const auto& entry : read_cases("transformers_cases.json")) {
    const auto& expected = entry.at("expected");
    if (expected.contains("error")) continue;
    SCOPED_TRACE(entry.dump());
    std::size_t next = 0;
    for (std::size_t image = 0; image < entry.at("images").size(); ++image) {
      auto request = entry;
      request["images"] = {entry["images"][image]};
      request["prompts"] = nlohmann::json::array({entry["prompts"][image]});
      for (const auto& sequence : run_case(request)) {
        EXPECT_EQ(sequence.ids, expected.at("ids")[next++].get<std::vector<TokenId>>());
      }
    }
    EXPECT_EQ(next, expected.at("ids").size());
  }
}

}  // namespace
}  // namespace blip
