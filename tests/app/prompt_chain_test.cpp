// Prompts that grow phrase by phrase, judged by a table instead of a model.
#include "app/prompt_chain.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

namespace blip::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A prompt's similarity is `base` plus the values of its phrases; full with `most` characters.
struct Scene {
  std::map<std::string, float> values;
  float base = 0.0F;
  std::size_t most = 1000;
  mutable std::size_t asked = 0;

  [[nodiscard]] float similarity(const std::string& text) const {
    float sum = base;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t comma = std::min(text.find(", ", at), text.size());
      const auto found = values.find(text.substr(at, comma - at));
      if (found != values.end()) sum += found->second;
      at = comma + 2;
    }
    return sum;
  }
  [[nodiscard]] PromptJudge judge() const {
    return {[this](std::span<const std::string> texts) {
              asked += texts.size();
              std::vector<float> all;
              for (const std::string& text : texts) all.push_back(similarity(text));
              return all;
            },
            [this](const std::string& text) { return text.size() >= most; }};
  }
};

const std::vector<std::string>& letters() {
  static const std::vector<std::string> kLetters = {"a", "b", "c", "d"};
  return kLetters;
}

TEST(PromptChain, TakesTheBestPhraseUntilNoneHelps) {
  const Scene scene{.values = {{"a", 0.1F}, {"b", 0.3F}, {"c", -0.1F}, {"d", 0.2F}}};
  const PromptChain chain = chain_phrases(scene.judge(), letters(), "start", {.min_count = 0});
  EXPECT_EQ(chain.prompt, "start, b, d, a");
  EXPECT_THAT(chain.phrases, ElementsAre("b", "d", "a"));
  // The start, and 4, 3, 2 and 1 prompts.
  EXPECT_EQ(scene.asked, 11U);
}

TEST(PromptChain, GoesOnForTheFirstPhrasesAndKeepsTheBestOnTheWay) {
  // Worse at first, better later: only min_count gets there.
  Scene scene{.values = {{"a", -0.1F}, {"b", -0.2F}}};
  EXPECT_EQ(chain_phrases(scene.judge(), {"a", "b"}, "s", {.min_count = 0}).prompt, "s");
  EXPECT_EQ(chain_phrases(scene.judge(), {"a", "b"}, "s", {.min_count = 2}).prompt, "s");
  scene.values["s"] = 1.0F;
  const PromptJudge judge = scene.judge();
  const PromptJudge two_phrases_help = {[&](std::span<const std::string> texts) {
                                          std::vector<float> all = judge.similarities(texts);
                                          for (std::size_t i = 0; i < texts.size(); ++i) {
                                            if (texts[i] == "s, a, b") all[i] = 2.0F;
                                          }
                                          return all;
                                        },
                                        judge.is_full};
  EXPECT_EQ(chain_phrases(two_phrases_help, {"a", "b"}, "s", {.min_count = 0}).prompt, "s");
  EXPECT_EQ(chain_phrases(two_phrases_help, {"a", "b"}, "s", {.min_count = 1}).prompt, "s, a, b");
}

TEST(PromptChain, EndsAtTheLimitsAndTheFullPrompt) {
  const Scene scene{.values = {{"a", 0.4F}, {"b", 0.3F}, {"c", 0.2F}, {"d", 0.1F}}, .most = 7};
  EXPECT_EQ(chain_phrases(scene.judge(), letters(), "s", {.max_count = 1}).prompt, "s, a");
  // "s, a, b" has 7 characters.
  EXPECT_EQ(chain_phrases(scene.judge(), letters(), "s", {}).prompt, "s, a, b");
  EXPECT_EQ(chain_phrases(scene.judge(), {}, "s", {}).prompt, "s");
  EXPECT_EQ(chain_phrases(scene.judge(), {}, "", {}).prompt, "");
}

TEST(PromptChain, UsesAPhraseOnceAndTheFirstOfEqualOnes) {
  const Scene scene{.values = {{"a", 0.1F}, {"b", 0.1F}}};
  const PromptChain chain = chain_phrases(scene.judge(), {"b", "a", "b", "a"}, "s", {});
  EXPECT_THAT(chain.phrases, ElementsAre("b", "a"));
}

TEST(PromptChain, WithoutAStartTheBestPhraseIsIt) {
  const Scene scene{.values = {{"a", 0.1F}, {"b", 0.3F}, {"c", -0.1F}, {"d", 0.2F}}};
  const PromptChain chain = chain_phrases(scene.judge(), letters(), "", {.min_count = 0});
  EXPECT_EQ(chain.prompt, "b, d, a");
  EXPECT_THAT(chain.phrases, ElementsAre("b", "d", "a"));
}

// The original negates every similarity but the first phrase's.
TEST(PromptChain, ReversedGrowsWhereTheFirstIsNegative) {
  const Scene unlike{.values = {{"a", -0.1F}, {"b", -0.3F}, {"c", 0.2F}, {"d", -0.2F}}};
  EXPECT_EQ(chain_phrases(unlike.judge(), letters(), "", {.min_count = 0, .reverse = true}).prompt,
            "b, d, a");
  const Scene alike{.values = {{"a", -0.1F}, {"b", -0.3F}, {"c", 0.2F}, {"d", -0.2F}},
                    .base = 0.9F};
  const PromptChain chain =
      chain_phrases(alike.judge(), letters(), "", {.min_count = 8, .reverse = true});
  EXPECT_EQ(chain.prompt, "b");
  EXPECT_THAT(chain.phrases, ElementsAre("b"));
}

TEST(CutToFit, CountsAPartWithoutItsComma) {
  const Scene scene{.values = {}, .most = 7};
  EXPECT_EQ(cut_to_fit(scene.judge(), "one, two, six"), "one, two");  // "onetwo" has 6
  EXPECT_EQ(cut_to_fit(scene.judge(), "one, four"), "one");           // "onefour" has 7
  EXPECT_EQ(cut_to_fit(scene.judge(), "much too long, b"), "much too long");
  EXPECT_EQ(cut_to_fit(scene.judge(), ""), "");
  EXPECT_EQ(cut_to_fit(scene.judge(), "a, "), "a, ");
}

}  // namespace
}  // namespace blip::app
