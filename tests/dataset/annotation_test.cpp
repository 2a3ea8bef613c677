#include "dataset/annotation.hpp"

#include <gmock/gmock.h>

#include <string>

#include "tests/core/expect_error.hpp"

namespace blip::dataset {
namespace {

Sample parse(const std::string& json) {
  return parse_annotation(json, "row");
}

TEST(Annotation, ReadsCaptions) {
  const Sample train = parse(
      R"({"image": "train2014/a.jpg", "caption": "a dog", "image_id": "coco_7", "extra": [1]})");
  EXPECT_EQ(train.pictures.at(0).name, "train2014/a.jpg");
  EXPECT_EQ(train.image_id, "coco_7");
  EXPECT_THAT(train.captions, testing::ElementsAre("a dog"));
  EXPECT_THAT(parse(R"({"image": "b.jpg", "caption": ["one", "two"]})").captions,
              testing::ElementsAre("one", "two"));
  EXPECT_EQ(parse(R"({"image": "b.jpg", "img_id": 12})").image_id, "12");
}

TEST(Annotation, WeighsAnswersByTheirCount) {
  const Sample sample = parse(R"({"image": "a.jpg", "dataset": "vqa", "question_id": 5,
      "question": "what?", "answer": ["red", "blue", "red", "red", "red", "red", "red", "red", "red",
      "dark red"]})");
  ASSERT_EQ(sample.questions.size(), 1U);
  const Question& question = sample.questions[0];
  EXPECT_EQ(question.id, "5");
  ASSERT_EQ(question.answers.size(), 3U);
  EXPECT_EQ(question.answers[0].text, "red");
  EXPECT_EQ(question.answers[0].count, 8);
  EXPECT_DOUBLE_EQ(question.answers[0].weight, 0.8);
  EXPECT_EQ(question.answers[1].text, "blue");
  EXPECT_DOUBLE_EQ(question.answers[1].weight, 0.1);
  EXPECT_EQ(question.answers[2].text, "dark red");
  EXPECT_EQ(answers_of_people(question),
            (std::vector<std::string>{"red", "red", "red", "red", "red", "red", "red", "red",
                                      "blue", "dark red"}));
}

TEST(Annotation, WeighsVisualGenomesAnswersAFifth) {
  const Sample sample =
      parse(R"({"image": "a.jpg", "dataset": "vg", "question": "what?", "answer": "red"})");
  EXPECT_DOUBLE_EQ(sample.questions.at(0).answers.at(0).weight, 0.2);
  EXPECT_DOUBLE_EQ(
      parse(R"({"question": "what?", "answer": "red"})").questions.at(0).answers.at(0).weight, 1.0);
}

TEST(Annotation, CountsManyDifferentAnswersInLittleTime) {
  std::string json = R"({"question": "q", "answer": [)";
  constexpr std::size_t kAnswers = 100'000;
  for (std::size_t i = 0; i < kAnswers; ++i) json += '"' + std::to_string(i) + "\",";
  json.back() = ']';
  // Seconds if each answer were compared with all before it: the suite's time would tell.
  EXPECT_EQ(parse(json + '}').questions.at(0).answers.size(), kAnswers);
}

TEST(Annotation, AcceptsQuestionsWithoutAnswers) {
  EXPECT_TRUE(parse(R"({"image": "a.jpg", "question": "what?"})").questions.at(0).answers.empty());
}

TEST(Annotation, ReadsStatements) {
  const Sample sample =
      parse(R"({"images": ["a.png", "b.png"], "sentence": "two dogs", "label": "False"})");
  ASSERT_EQ(sample.pictures.size(), 2U);
  EXPECT_EQ(sample.pictures[1].name, "b.png");
  ASSERT_EQ(sample.statements.size(), 1U);
  EXPECT_EQ(sample.statements[0].is_true, false);
  EXPECT_EQ(parse(R"({"sentence": "s", "label": true})").statements[0].is_true, true);
  EXPECT_EQ(parse(R"({"sentence": "s"})").statements[0].is_true, std::nullopt);
}

TEST(Annotation, RefusesOtherTypes) {
  for (const auto& [json, part] : {
           std::pair{R"({"caption": 7})", "row: caption must be text, not 7"},
           std::pair{R"({"captions": ["a", null]})", "captions must be text, not null"},
           std::pair{R"({"qa": {}})", "qa must be a list"},
           std::pair{R"({"qa": ["x"]})", "qa must hold objects"},
           std::pair{R"({"qa": [{"question": []}]})", "row: qa: question"},
           std::pair{R"({"sentence": "s", "label": "yes"})", R"(must be "True" or "False")"},
           std::pair{R"({"image_id": 1.5})", "image_id must be text"},
           std::pair{R"([])", "row"},
           std::pair{"{\"caption\": \"caf\xE9\"}", "row: not valid JSON"},
       }) {
    expect_error(ErrorCode::malformed, part, [&, &json = json] { parse(json); });
  }
}

TEST(Annotation, RefusesTooMuchOrTooDeep) {
  expect_error(ErrorCode::limit_exceeded, "more than the 1048576 allowed",
               [] { parse(std::string(1'100'000, ' ')); });
  expect_error(ErrorCode::malformed, "nested deeper",
               [] { parse("{\"caption\": " + std::string(100'000, '[')); });
}

TEST(Annotation, WritesWhatItReads) {
  const std::string json =
      R"({"image_id":"7","dataset":"vqa","captions":["é","b"],)"
      R"("qa":[{"question":"q?","question_id":"1","answer":["x","x","y"]},{"question":"r?"}],)"
      R"("statements":[{"sentence":"s","label":"True"},{"sentence":"t"}]})";
  EXPECT_EQ(annotation_json(parse(json)), json);
  EXPECT_EQ(annotation_json(Sample{}), "{}");
  Sample bad;
  bad.key = "k";
  bad.captions = {"caf\xE9"};
  expect_error(ErrorCode::invalid_argument, "sample k", [&] { annotation_json(bad); });
}

}  // namespace
}  // namespace blip::dataset
