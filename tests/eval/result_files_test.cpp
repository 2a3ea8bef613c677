// Files of results, references and annotations, as users have them and as nobody should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "blip/error.hpp"
#include "eval/caption_files.hpp"
#include "eval/vqa_files.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kCoco = R"({"images": [{"id": 7, "file_name": "a/dog.jpg"}, {"id": 9}],
  "annotations": [{"image_id": 7, "caption": "a dog"}, {"image_id": 9, "caption": "a cat"},
                  {"image_id": 7, "caption": "the dog"}]})";

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

eval::JudgedCaptions judged(const std::string& results, const std::string& references) {
  return eval::pair_captions(eval::parse_caption_results(results, "res"), "res",
                             eval::parse_references(references, "ref"), "ref");
}

std::string refused(const std::string& results, const std::string& references) {
  return message_of([&] { judged(results, references); });
}

TEST(CaptionFiles, CocoResultsAndAnnotations) {
  const auto pairs = judged(
      R"([{"image_id": 9, "caption": "one cat"}, {"image_id": 7, "caption": "one dog"}])", kCoco);
  EXPECT_THAT(pairs.images, ElementsAre("7", "9"));
  EXPECT_THAT(pairs.set.captions, ElementsAre("one dog", "one cat"));
  EXPECT_THAT(pairs.set.references,
              ElementsAre(ElementsAre("a dog", "the dog"), ElementsAre("a cat")));
}

TEST(CaptionFiles, WhatBlipCaptionWritesWithReferencesByPathOrStem) {
  const std::string lines =
      "{\"path\": \"photos/dog.jpg\", \"caption\": \"one dog\"}\n\n"
      "{\"path\": \"photos/cat.jpg\", \"caption\": \"one cat\"}\n";
  const std::string array = R"([{"path": "photos/dog.jpg", "caption": "one dog"},
                                {"path": "photos/cat.jpg", "caption": "one cat"}])";
  for (const std::string& results : {lines, array}) {
    for (
        const char* references :
        {R"({"dog": "a dog", "cat": ["a cat"]})",
         R"({"photos/dog.jpg": ["a dog"], "cat.png": "a cat"})",
         "{\"path\": \"dog.jpg\", \"captions\": [\"a dog\"]}\n"
         "{\"path\": \"cat.jpg\", \"caption\": \"a cat\"}\n",
         R"([{"image": "val/dog.jpg", "caption": ["a dog"]}, {"key": "cat", "caption": "a cat"}])"}) {
      const auto pairs = judged(results, references);
      // A JSON object has its keys in order of the alphabet.
      const bool dog_first = pairs.images.front().find("dog") != std::string::npos;
      EXPECT_EQ(pairs.set.captions[dog_first ? 0 : 1], "one dog") << references;
      EXPECT_EQ(pairs.set.references[dog_first ? 0 : 1].front(), "a dog") << references;
      EXPECT_EQ(pairs.set.captions[dog_first ? 1 : 0], "one cat") << references;
    }
  }
}

TEST(CaptionFiles, PathsMeetCocoIdsByFileNameAndByTheDigitsInThem) {
  const auto by_name = judged(R"([{"path": "x/dog.jpg", "caption": "one dog"},
                                  {"path": "COCO_val2014_000000000009.jpg", "caption": "one cat"}])",
                              kCoco);
  EXPECT_THAT(by_name.set.captions, ElementsAre("one dog", "one cat"));
  EXPECT_THAT(refused(R"([{"path": "dog_7.jpg", "caption": "x"}])", kCoco),
              StartsWith("res: image \"dog_7.jpg\" is not in ref"));
}

TEST(CaptionFiles, OneRecordAlone) {
  EXPECT_EQ(judged(R"({"path": "a.jpg", "caption": "x"})", R"({"path": "a.jpg", "caption": "y"})")
                .set.references[0][0],
            "y");
}

TEST(CaptionFiles, NamesTheFirstImageThatIsMissingDoubleOrUnknown) {
  EXPECT_EQ(refused(R"([{"image_id": 7, "caption": "x"}])", kCoco),
            "res: no caption of image \"9\" of ref");
  EXPECT_EQ(refused(R"([{"image_id": 7, "caption": "x"}, {"image_id": 7, "caption": "x"}])", kCoco),
            "res: image \"7\" has two captions");
  EXPECT_THAT(refused(R"([{"image_id": 8, "caption": "x"}])", kCoco),
              StartsWith("res: image \"8\" is not in ref"));
  EXPECT_THAT(
      refused(R"([{"path": "1.jpg", "caption": "x"}])", R"({"a/1.jpg": "x", "b/1.jpg": "y"})"),
      HasSubstr("or several there could be it"));
}

TEST(CaptionFiles, RefusesWhatIsNoCaption) {
  EXPECT_EQ(refused(R"([{"path": "a.jpg", "error": "empty file"}])", kCoco),
            "res: record 1: has no caption of \"a.jpg\", but an error: empty file");
  EXPECT_THAT(refused(R"([{"path": "a.jpg", "captions": ["x", "y"]}])", kCoco),
              StartsWith("res: record 1: has 2 captions"));
  EXPECT_THAT(refused(R"([{"caption": "x"}])", kCoco), HasSubstr("has none of image_id, path"));
  EXPECT_THAT(refused(R"([{"image_id": 1.5, "caption": "x"}])", kCoco), HasSubstr("an id must be"));
  EXPECT_THAT(refused(R"([{"image_id": 1, "caption": 5}])", kCoco),
              HasSubstr("must be text, not 5"));
  EXPECT_THAT(refused("[5]", kCoco), StartsWith("res: record 1: must be an object"));
  EXPECT_THAT(refused("5", kCoco), StartsWith("res: must be a list"));
  EXPECT_THAT(refused("{\"a\": 1}\n{", kCoco), StartsWith("res: line 2: not valid JSON"));
  EXPECT_THAT(refused("", kCoco), StartsWith("res: not valid JSON"));
  EXPECT_THAT(refused("[]", "{}"), StartsWith("ref: has no captions"));
  EXPECT_THAT(refused("[]", R"({"a": []})"), HasSubstr("are none"));
  EXPECT_THAT(refused("[]", R"({"annotations": 5})"),
              StartsWith("ref: annotations: must be a list"));
  EXPECT_THAT(refused("[]", R"([{"path": "a"}])"), HasSubstr("has neither caption nor captions"));
  const std::string endless =
      R"([{"image_id": 7, "caption": ")" + std::string(10'001, 'a') + "\"}]";
  EXPECT_THAT(refused(endless, kCoco), HasSubstr("of 10001 bytes, more than 10000"));
}

constexpr const char* kVqa = R"({"annotations": [
  {"question_id": 1, "answers": [{"answer": "yes", "answer_id": 1}, {"answer": "no"}],
   "answer_type": "yes/no", "question_type": "is the"},
  {"question_id": "q2", "answers": ["red"]}]})";

std::vector<std::string> answers(const std::string& results, const std::string& annotations) {
  return eval::pair_answers(eval::parse_vqa_results(results, "res"), "res",
                            eval::parse_vqa_annotations(annotations, "ann"), "ann");
}

TEST(VqaFiles, ResultsAndAnnotations) {
  EXPECT_THAT(
      answers(R"([{"question_id": "q2", "answer": "red"}, {"question_id": 1, "answer": "no"}])",
              kVqa),
      ElementsAre("no", "red"));
  const auto annotations = eval::parse_vqa_annotations(kVqa, "ann");
  EXPECT_THAT(annotations.ids, ElementsAre("1", "q2"));
  EXPECT_THAT(annotations.questions[0].answers, ElementsAre("yes", "no"));
  EXPECT_EQ(annotations.questions[0].answer_type, "yes/no");
  EXPECT_EQ(annotations.questions[0].question_type, "is the");
  EXPECT_EQ(annotations.questions[1].answer_type, "");
}

TEST(VqaFiles, ListsAndLinesOfRecords) {
  for (const char* records : {R"([{"question_id": 1, "answer": ["a", "b"]}])",
                              R"({"question_id": 1, "answer": ["a", "b"]})",
                              "{\"question_id\": 1, \"answer\": [\"a\", \"b\"]}\n"
                              "{\"question_id\": 2, \"answer\": \"a\"}\n"}) {
    EXPECT_THAT(eval::parse_vqa_annotations(records, "ann").questions.front().answers,
                ElementsAre("a", "b"));
  }
}

TEST(VqaFiles, NamesTheFirstQuestionThatIsMissingDoubleOrUnknown) {
  const auto refused = [](const char* results, const char* annotations) {
    return message_of([&] { answers(results, annotations); });
  };
  EXPECT_EQ(refused(R"([{"question_id": 1, "answer": "x"}])", kVqa),
            "res: no answer to question \"q2\" of ann");
  EXPECT_EQ(
      refused(R"([{"question_id": 1, "answer": "x"}, {"question_id": 1, "answer": "x"}])", kVqa),
      "res: question \"1\" has two answers");
  EXPECT_EQ(refused(R"([{"question_id": 3, "answer": "x"}])", kVqa),
            "res: question \"3\" is not in ann");
  EXPECT_EQ(
      refused("[]", R"([{"question_id": 1, "answer": "x"}, {"question_id": 1, "answer": "x"}])"),
      "ann: record 2: question \"1\" is there twice");
  EXPECT_EQ(refused("[]", R"([{"question_id": 1, "answers": []}])"),
            "ann: record 1: has no answers");
  EXPECT_THAT(refused("[]", R"([{"question_id": 1}])"),
              HasSubstr("has neither answers nor answer"));
  EXPECT_THAT(refused("[]", "{}"), HasSubstr("must be a list"));
  EXPECT_THAT(refused("[]", "[]"), HasSubstr("has no questions"));
  EXPECT_THAT(refused(R"([{"question_id": 1}])", kVqa), HasSubstr("has no answer"));
}

}  // namespace
}  // namespace blip::testing
