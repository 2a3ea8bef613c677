// BLEU, ROUGE-L and CIDEr against pycocoevalcap's numbers of caption_metrics_golden.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "blip/error.hpp"
#include "eval/bleu.hpp"
#include "eval/cider.hpp"
#include "eval/rouge_l.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::json;

constexpr double kLimit = 1e-9;

Json golden() {
  std::ifstream file(BLIP_TEST_DATA "/caption_metrics_golden.json");
  return Json::parse(file);
}

eval::CaptionSet set_of(const Json& one) {
  return {.captions = one["hyps"], .references = one["refs"]};
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted,
                 const std::string& name) {
  ASSERT_EQ(got.size(), wanted.size()) << name;
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], kLimit) << name << i;
}

TEST(CaptionMetrics, Bleu) {
  const Json sets = golden();
  for (const auto& [name, one] : sets.items()) {
    const eval::Bleu bleu = eval::bleu(set_of(one));
    expect_near({bleu.corpus.begin(), bleu.corpus.end()}, one["bleu"], name);
    ASSERT_EQ(bleu.images.size(), one["bleu_per_image"].size());
    for (std::size_t i = 0; i < bleu.images.size(); ++i) {
      expect_near({bleu.images[i].begin(), bleu.images[i].end()}, one["bleu_per_image"][i], name);
    }
  }
}

TEST(CaptionMetrics, RougeL) {
  const Json sets = golden();
  for (const auto& [name, one] : sets.items()) {
    const eval::RougeL rouge = eval::rouge_l(set_of(one));
    EXPECT_NEAR(rouge.mean, one["rouge_l"], kLimit) << name;
    expect_near(rouge.images, one["rouge_l_per_image"], name);
  }
}

TEST(CaptionMetrics, Cider) {
  const Json sets = golden();
  for (const auto& [name, one] : sets.items()) {
    const eval::Cider cider = eval::cider(set_of(one));
    EXPECT_NEAR(cider.mean, one["cider"], kLimit) << name;
    expect_near(cider.images, one["cider_per_image"], name);
  }
}

TEST(CaptionMetrics, TextsAreCutBeforeTheyAreCounted) {
  const eval::CaptionSet set = {.captions = {"A dog isn't here.", "two cats"},
                                .references = {{"\"A\" Dog!", "dogs"}, {"Two cats."}}};
  const eval::CaptionSet tokens = eval::tokenized(set);
  EXPECT_THAT(tokens.captions, ElementsAre("a dog is n't here", "two cats"));
  EXPECT_THAT(tokens.references,
              ElementsAre(ElementsAre("a dog", "dogs"), ElementsAre("two cats")));
}

// "1 1/2" is cut as one token with U+00A0 inside, at which str.split() parts it, split(" ") not.
TEST(CaptionMetrics, ANoBreakSpacePartsWordsExceptForRougeL) {
  const eval::CaptionSet set = {.captions = {"1\xC2\xA0"
                                             "1/2 pizzas"},
                                .references = {{"1 1/2 pizzas"}}};
  EXPECT_NEAR(eval::bleu(set).corpus[0], 1.0, 1e-6);
  EXPECT_NEAR(eval::rouge_l(set).mean, 2.44 * 0.5 / 3.0 / (1 / 3.0 + 1.44 * 0.5), kLimit);
}

TEST(CaptionMetrics, EveryImageNeedsReferences) {
  const eval::CaptionSet without = {.captions = {"a", "b"}, .references = {{"a"}, {}}};
  const eval::CaptionSet uneven = {.captions = {"a"}, .references = {{"a"}, {"b"}}};
  for (const eval::CaptionSet& set : {without, uneven}) {
    EXPECT_THROW(eval::bleu(set), Error);
    EXPECT_THROW(eval::rouge_l(set), Error);
    EXPECT_THROW(eval::cider(set), Error);
  }
  EXPECT_EQ(eval::cider({}).mean, 0);
  EXPECT_EQ(eval::rouge_l({}).mean, 0);
  EXPECT_EQ(eval::bleu({}).corpus[0], 0);
}

}  // namespace
}  // namespace blip::testing
