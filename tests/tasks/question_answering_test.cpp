// A small random model against transformers and against BLIP's own ranking of answers
// (tools/reference/make_task_fixtures.py).
#include "blip/question_answering.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "../core/expect_error.hpp"
#include "../generate/options_from_json.hpp"
#include "small_model.hpp"

namespace blip {
namespace {

using nlohmann::json;

class QuestionAnswering : public ::testing::Test {
 protected:
  std::vector<TokenId> question_of(const json& entry) const {
    const auto text = entry.at("question").get<std::string>();
    return small_.encode(style_of(entry) == TextStyle::hf ? text : pre_question(text));
  }
  const EncodedImage& image_of(const json& entry) const {
    return small_.images.at(entry.at("photo").get<std::size_t>());
  }
  std::vector<std::vector<TokenId>> answers() const {
    std::vector<std::vector<TokenId>> rows;
    for (const json& answer : small_.golden.at("answers")) {
      rows.push_back(small_.encode(answer.get<std::string>()));
    }
    return rows;
  }

  // Of the tokens after the first, by logits that another test compares with the reference's.
  std::vector<double> log_probabilities(const json& entry, const std::vector<TokenId>& ids) {
    const Tensor states = small_.model.question_states(image_of(entry), question_of(entry),
                                                       style_of(entry), small_.context);
    const Tensor logits = small_.model.logits(states, ids, small_.context);
    const auto vocabulary = static_cast<std::size_t>(logits.shape[1]);
    std::vector<double> found;
    for (std::size_t i = 1; i < ids.size(); ++i) {
      const auto row = std::span(logits.data).subspan((i - 1) * vocabulary, vocabulary);
      double sum = 0.0;
      for (const float logit : row) sum += std::exp(static_cast<double>(logit));
      found.push_back(row[static_cast<std::size_t>(ids[i])] - std::log(sum));
    }
    return found;
  }

  SmallModel<BlipForQuestionAnswering> small_{"vqa"};
};

TEST_F(QuestionAnswering, ComputesTheStatesAndLogitsOfTheReference) {
  for (const json& entry : small_.golden.at("cases")) {
    const auto text = entry.at("question").get<std::string>();
    const Tensor states = small_.model.question_states(image_of(entry), question_of(entry),
                                                       style_of(entry), small_.context);
    expect_samples(states, entry.at("question_states").at("sample"), 2e-5, text);
    const auto answer = entry.at("answer").get<std::vector<TokenId>>();
    expect_samples(small_.model.logits(states, answer, small_.context),
                   entry.at("logits").at("sample"), 1e-4, text);
  }
}

TEST_F(QuestionAnswering, GeneratesTheAnswersOfTheReference) {
  int compared = 0;
  for (const json& entry : small_.golden.at("cases")) {
    for (const json& expected : entry.at("generated")) {
      const auto question = question_of(entry);
      const auto rows = small_.model.generate_sequences(
          std::span(&image_of(entry), 1), std::span(&question, 1),
          options_from_json(expected.at("options")), style_of(entry), small_.context);
      EXPECT_EQ(rows.at(0).ids, expected.at("ids").get<std::vector<TokenId>>())
          << entry.at("question") << " " << expected.at("options");
      ++compared;
    }
  }
  EXPECT_GE(compared, 60);
}

TEST_F(QuestionAnswering, RanksAnswersAsTheOriginalDoes) {
  int compared = 0;
  for (const json& entry : small_.golden.at("cases")) {
    for (const json& expected : entry.at("ranked")) {
      const auto question = question_of(entry);
      const auto ranked = small_.model.rank_answers(
          std::span(&image_of(entry), 1), std::span(&question, 1), answers(),
          {.k = expected.at("k").get<int>(), .style = style_of(entry)}, small_.context);
      ASSERT_EQ(ranked.size(), 1U);
      ASSERT_EQ(ranked[0].size(), expected.at("order").size());
      for (std::size_t i = 0; i < ranked[0].size(); ++i) {
        EXPECT_EQ(ranked[0][i].answer, expected.at("order")[i].get<std::size_t>());
        EXPECT_NEAR(ranked[0][i].score, expected.at("scores")[i].get<double>(), 2e-4);
      }
      ++compared;
    }
  }
  EXPECT_GE(compared, 20);
}

TEST_F(QuestionAnswering, TellsTheLogProbabilitiesOfItsAnswers) {
  for (const json& entry : small_.golden.at("cases")) {
    const auto question = question_of(entry);
    for (const int beams : {1, 3}) {
      const GenerationOptions options{
          .max_new_tokens = 6, .num_beams = beams, .output_scores = true};
      const auto rows =
          small_.model.generate_sequences(std::span(&image_of(entry), 1), std::span(&question, 1),
                                          options, style_of(entry), small_.context);
      const auto wanted = log_probabilities(entry, rows.at(0).ids);
      ASSERT_EQ(rows[0].transition_scores.size(), wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_NEAR(rows[0].transition_scores[i], wanted[i], 1e-4);
      }
    }
    const auto all = answers();
    const auto ranked =
        small_.model.rank_answers(std::span(&image_of(entry), 1), std::span(&question, 1), all,
                                  {.k = 4, .style = style_of(entry)}, small_.context);
    for (const RankedAnswer& answer : ranked.at(0)) {
      std::vector<TokenId> ids = all[answer.answer];
      ids.front() = small_.model.config().text_config.bos_token_id;
      const auto wanted = log_probabilities(entry, ids);
      const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
      EXPECT_NEAR(answer.log_probability, sum, 2e-4);
      EXPECT_NEAR(answer.mean_log_probability, sum / static_cast<double>(wanted.size()), 1e-4);
    }
  }
}

TEST_F(QuestionAnswering, QuestionsOfMixedLengthsDoNotFeelTheirNeighbours) {
  std::vector<std::vector<TokenId>> questions;
  for (const json& entry : small_.golden.at("cases")) questions.push_back(question_of(entry));
  const auto image = std::span(small_.images).first(1);
  const GenerationOptions options{.max_new_tokens = 6, .num_beams = 3};
  const auto together =
      small_.model.generate_sequences(image, questions, options, TextStyle::hf, small_.context);
  ASSERT_EQ(together.size(), questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto alone = small_.model.generate_sequences(image, std::span(&questions[i], 1), options,
                                                       TextStyle::hf, small_.context);
    EXPECT_EQ(alone.at(0).ids, together[i].ids);
  }
}

TEST_F(QuestionAnswering, OneQuestionGoesWithAllImages) {
  const auto question = small_.encode("how many dogs?");
  const auto rows = small_.model.generate_sequences(
      small_.images, std::span(&question, 1), {.max_new_tokens = 4}, TextStyle::hf, small_.context);
  EXPECT_EQ(rows.size(), small_.images.size());
}

TEST_F(QuestionAnswering, BlipInputsAreAskedTheSame) {
  const json& entry = small_.golden.at("cases").at(0);
  const auto photo = small_.golden.at("photos").at(entry.at("photo").get<std::size_t>());
  const BlipInputs inputs =
      small_.processor(Image::open(BLIP_SOURCE_DIR "/examples/photos/" + photo.get<std::string>()),
                       entry.at("question").get<std::string>());
  const json& expected = entry.at("generated").at(0);
  EXPECT_EQ(small_.model.generate(inputs, options_from_json(expected.at("options"))).at(0),
            expected.at("ids").get<std::vector<TokenId>>());
}

TEST_F(QuestionAnswering, RefusesWhatDoesNotFit) {
  const std::vector<std::vector<TokenId>> two = {small_.encode("two"), small_.encode("three")};
  const auto three = std::span(small_.images).first(3);
  expect_error(ErrorCode::invalid_argument, "3 images and 2 questions", [&] {
    (void)small_.model.generate_sequences(three, two, {}, TextStyle::hf, small_.context);
  });
  const std::vector<std::vector<TokenId>> empty = {{}};
  expect_error(ErrorCode::invalid_argument, "a text has no tokens", [&] {
    (void)small_.model.generate_sequences(three, empty, {}, TextStyle::hf, small_.context);
  });
  const std::vector<std::vector<TokenId>> outside = {{2, 9999, 3}};
  expect_error(ErrorCode::invalid_argument, "token id 9999", [&] {
    (void)small_.model.generate_sequences(three, outside, {}, TextStyle::hf, small_.context);
  });
  expect_error(ErrorCode::invalid_argument, "list of answers is empty",
               [&] { (void)small_.model.rank_answers(three, two, {}, {}, small_.context); });
  expect_error(ErrorCode::invalid_argument, "k must be 1 or more",
               [&] { (void)small_.model.rank_answers(three, two, two, {.k = 0}, small_.context); });
  expect_error(ErrorCode::unsupported,
               "is a BlipForConditionalGeneration, which describes images; this needs a "
               "BlipForQuestionAnswering",
               [] { (void)BlipForQuestionAnswering::from_pretrained("nano"); });
  // Its decoder has every tensor a captioning one has.
  expect_error(ErrorCode::unsupported, "is a BlipForQuestionAnswering, which answers",
               [] { (void)BlipForConditionalGeneration::from_pretrained(BLIP_TEST_DATA "/vqa"); });
}

}  // namespace
}  // namespace blip
