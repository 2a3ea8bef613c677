// Moderation: calibration as scikit-learn has it, policies, words and decisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/moderation/policy_fitting.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const Json& reference() {
  static const Json kCases = [] {
    std::ifstream file(std::string(BLIP_TEST_DATA) + "/calibration.json");
    return Json::parse(file);
  }();
  return kCases;
}

std::vector<LabelledScore> examples_of(const Json& one) {
  std::vector<LabelledScore> examples;
  for (std::size_t i = 0; i < one["scores"].size(); ++i) {
    examples.push_back({.score = one["scores"][i], .is_positive = one["labels"][i] == 1});
  }
  return examples;
}

std::string cause(const std::string& policy) {
  try {
    (void)parse_policy(policy, "p.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// A policy of one rule.
std::string policy_of(const std::string& rule) {
  return R"({"version": 1, "rules": [)" + rule + "]}";
}

TEST(Calibration, PlattIsThatOfScikitLearn) {
  for (const Json& one : reference()) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const PlattCalibration platt = fit_platt(examples_of(one));
    // scikit-learn's L-BFGS stops at a gradient of 1e-6; ours goes on to the minimum.
    EXPECT_NEAR(platt.slope, one["platt"]["slope"], 1e-6 * std::abs(platt.slope));
    EXPECT_NEAR(platt.intercept, one["platt"]["intercept"], 1e-6);
    for (std::size_t i = 0; i < one["asked"].size(); ++i) {
      EXPECT_NEAR(probability(platt, one["asked"][i]), one["platt"]["probabilities"][i], 5e-7);
    }
  }
}

TEST(Calibration, IsotonicIsThatOfScikitLearn) {
  for (const Json& one : reference()) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const Calibration line = fit_isotonic(examples_of(one));
    for (std::size_t i = 0; i < one["asked"].size(); ++i) {
      EXPECT_NEAR(probability(line, one["asked"][i]), one["isotonic"][i], 1e-12);
    }
  }
}

TEST(Calibration, PrecisionAndRecallAreThoseOfScikitLearn) {
  for (const Json& one : reference()) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const auto curve = precision_recall_curve(examples_of(one));
    ASSERT_EQ(curve.size(), one["thresholds"].size());
    for (std::size_t i = 0; i < curve.size(); ++i) {
      EXPECT_DOUBLE_EQ(curve[i].threshold, one["thresholds"][i]);
      EXPECT_DOUBLE_EQ(curve[i].precision, one["precision"][i]);
      EXPECT_DOUBLE_EQ(curve[i].recall, one["recall"][i]);
    }
    EXPECT_NEAR(average_precision(curve), one["average_precision"], 1e-12);
  }
}

TEST(Calibration, NeedsExamplesOfBothKinds) {
  const std::vector<LabelledScore> one_kind = {{0.1, true}, {0.2, true}};
  EXPECT_THROW((void)fit_platt(one_kind), Error);
  EXPECT_THROW((void)fit_isotonic(one_kind), Error);
  EXPECT_THROW((void)fit_isotonic({}), Error);
}

TEST(Policy, ComesBackAsItWasWritten) {
  const std::string text =
      R"({"version":1,"description":"of a forum","models":{"texts":"m"},"rules":[
    {"category":"a","texts":["x"],"review":0.1,"block":0.2,
     "calibration":{"method":"platt","slope":-2.5,"intercept":0.5}},
    {"category":"b","question":"is it?","answers":["yes"],"others":["no","maybe"],"block":0.5,
     "calibration":{"method":"isotonic","scores":[0.1,0.2],"probabilities":[0.3,1.0]}},
    {"category":"b","words":["gun"],"in":["text"],"action":"block"}]})";
  const std::string written = policy_json(parse_policy(text, "p")).dump();
  EXPECT_EQ(policy_json(parse_policy(written, "p")).dump(), written);
  EXPECT_THAT(written, HasSubstr("of a forum"));
  EXPECT_THAT(parse_policy(text, "p").categories(), ::testing::ElementsAre("a", "b"));
}

TEST(Policy, MistakesAreNamedByTheirKey) {
  EXPECT_THAT(cause("{}"), HasSubstr("p.json: version is missing"));
  EXPECT_THAT(cause(R"({"version": 1})"), HasSubstr("p.json: rules must be a list"));
  EXPECT_THAT(cause(R"({"version": 1, "rule": []})"), HasSubstr("\"rule\" is no key of it"));
  const auto expect = [](const std::string& rule, const std::string& message) {
    EXPECT_THAT(cause(policy_of(rule)), HasSubstr(message)) << rule;
  };
  expect("3", "p.json: rules[0]: must be an object, not 3");
  expect(R"({"category":"a"})", "rules[0]: needs one of");
  expect(R"({"category":"a","texts":["x"],"words":["y"]})", "rules[0]: needs one of");
  expect(R"({"texts":["x"]})", "rules[0]: category is missing");
  expect(R"({"category":"a","texts":[]})", "texts must be a list of 1 to");
  expect(R"({"category":"a","texts":[7]})", "texts must hold texts, not 7");
  expect(R"({"category":"a","texts":["x"],"reveiw":1})", "\"reveiw\" is no key of it");
  expect(R"({"category":"a","texts":["x"],"review":3})", "review must be -2.0 to 2.0, not 3");
  expect(R"({"category":"a","texts":["x"],"review":0.5,"block":0.1})", "must not be above");
  expect(R"({"category":"a","words":["x"],"action":"allow"})", "action must be");
  expect(R"({"category":"a","words":["x"],"in":["alt"]})", "in must hold");
  expect(R"({"category":"a","question":"q","answers":["no"]})", "is among \"answers\", too");
  expect(R"({"category":"a","texts":["x"],"calibration":{"method":"x"}})", "method must be");
  expect(R"({"category":"a","texts":["x"],"calibration":{"method":"isotonic","scores":[2,1],
             "probabilities":[0,1]}})",
         "rules[0].calibration: scores must rise");
}

TEST(Decisions, WordsAreWholeWordsWhateverTheirCase) {
  const std::vector<std::string> words = {"gun", "% off", "two  words"};
  EXPECT_EQ(word_in(words, "A GUN."), "gun");
  EXPECT_EQ(word_in(words, "begun, gunner"), std::nullopt);
  EXPECT_EQ(word_in(words, "50% off today"), "% off");
  EXPECT_EQ(word_in(words, "50% offers"), std::nullopt);
  EXPECT_EQ(word_in(words, "Two\nwords"), "two  words");
  EXPECT_EQ(word_in(words, ""), std::nullopt);
  EXPECT_EQ(word_in(words, "a \u201cgun\u201d \u2014 loaded"), "gun") << "typographic quotes";
  EXPECT_EQ(word_in(words, "g\u200bu\u00adn\ufe0f"), "gun") << "what is not to be seen";
  EXPECT_EQ(word_in(words, "\u200bgun\u2014"), "gun");
  EXPECT_EQ(word_in(words, "\u00e9gun, gun\u0301, gun\u00f6"), std::nullopt) << "other words";
  EXPECT_EQ(word_in(words, "\u6211\u6709gun\u3002"), "gun");

  const std::vector<std::string> others = {"\u67aa", "\ucd1d", "\u043d\u043e\u0436"};
  EXPECT_EQ(word_in(others, "\u4ed6\u62ff\u7740\u67aa\u5728\u8dd1"), others[0]) << "Chinese";
  EXPECT_EQ(word_in(others, "\ucd1d\uc744 \ub4e4\ub2e4"), others[1]) << "Korean";
  EXPECT_EQ(word_in(others, "\u041d\u041e\u0416!"), others[2]) << "Russian";
  EXPECT_EQ(word_in(others, "\u043d\u043e\u0436\u043a\u0430"), std::nullopt) << "a small foot";
}

TEST(Decisions, FollowTheThresholds) {
  Rule rule;
  rule.by = TextsRule{.texts = {"x"}};
  rule.review = 0.1;
  rule.block = 0.3;
  const auto action = [&](double score) {
    Evidence evidence{.score = score};
    decide(rule, evidence);
    return evidence.action;
  };
  EXPECT_EQ(action(0.0999), Action::allow);
  EXPECT_EQ(action(0.1), Action::review);
  EXPECT_EQ(action(0.3), Action::block);
  rule.calibration = PlattCalibration{.slope = -10.0, .intercept = 0.0};
  Evidence evidence{.score = -0.2};
  decide(rule, evidence);
  EXPECT_EQ(evidence.probability, 0.1192) << "1 / (1 + exp(2))";
  EXPECT_EQ(evidence.action, Action::review);
}

// Ten pictures with rising scores of the one rule; the last three belong to the category.
class Fitting : public ::testing::Test {
 protected:
  Fitting() {
    for (int i = 0; i < 10; ++i) {
      pictures_.push_back({.path = "p", .text = "", .labels = {}});
      if (i >= 7) pictures_.back().labels = {"a"};
      decisions_.push_back({.evidence = {{.score = 0.1 * i}}, .caption = {}});
    }
  }

  Policy policy_ = parse_policy(policy_of(R"({"category":"a","texts":["x"]})"), "p");
  std::vector<LabelledPicture> pictures_;
  std::vector<Decision> decisions_;
};

TEST_F(Fitting, ChoosesThresholdsByPrecisionAndRecall) {
  for (const bool isotonic : {false, true}) {
    const FittedPolicy fitted = fit_policy(policy_, pictures_, decisions_, {.isotonic = isotonic});
    const auto judged = decision_report(fitted.policy, pictures_, decisions_);
    EXPECT_EQ(judged[0]["positives"], 3);
    EXPECT_EQ(judged[0]["blocked"]["precision"], 1.0);
    EXPECT_EQ(judged[0]["blocked"]["recall"], 1.0);
    EXPECT_EQ(fitted.report[0]["average_precision"], 1.0);
  }
}

TEST_F(Fitting, DoesNotBlockWhereNothingIsPreciseEnough) {
  pictures_[9].labels = {};  // the highest score is wrong
  pictures_[6].labels = {"a"};
  const FittedPolicy fitted = fit_policy(policy_, pictures_, decisions_, {});
  EXPECT_EQ(fitted.policy.rules[0].block, std::nullopt);
  EXPECT_TRUE(fitted.report[0]["block"].is_null());
  EXPECT_TRUE(fitted.policy.rules[0].review.has_value());
}

TEST_F(Fitting, RefusesScoresThatSayTheContrary) {
  std::ranges::reverse(pictures_);
  EXPECT_THROW((void)fit_policy(policy_, pictures_, decisions_, {}), Error);
}

TEST_F(Fitting, ReadsLabelledPictures) {
  const auto read = read_labelled(
      "{\"path\":\"a.jpg\",\"labels\":[\"a\"]}\n\n{\"path\":\"b.jpg\",\"text\":\"t\",\"labels\":[]"
      "}",
      "l", policy_);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].text, "t");
  EXPECT_THROW((void)read_labelled("{\"path\":\"a\",\"labels\":[\"b\"]}", "l", policy_), Error);
  EXPECT_THROW((void)read_labelled("{\"path\":\"a\"}", "l", policy_), Error);
  EXPECT_THROW((void)read_labelled("", "l", policy_), Error);
}

}  // namespace
}  // namespace blip::app
