// Requests of huggingface_hub's InferenceClient as captured, and the answers it reads.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

HttpRequest at(std::string path, HttpRequest request) {
  request.path = std::move(path);
  return request;
}

std::string picture_json() {
  return '"' + encode_base64("\x89PNG\r\n\x1a\n") + '"';
}

int status_of_body(const std::string& path, const std::string& body) {
  const Trial trial(hugging_face_dialect(), post_json(path, body));
  EXPECT_NE(trial.answered(), nullptr) << body;
  if (trial.answered() == nullptr) return 0;
  EXPECT_TRUE(json_of(*trial.answered())["error"].is_string());
  return trial.answered()->status;
}

TEST(HuggingFaceDialect, CaptionsRawBytesWithAndWithoutAType) {
  for (const char* name : {"hf_caption", "hf_caption_without_type"}) {
    for (const char* path : {"/", "/image-to-text", "/models/Salesforce/blip",
                             "/pipeline/image-to-text/Salesforce/blip"}) {
      const Trial trial(hugging_face_dialect(), at(path, captured(name)));
      EXPECT_TRUE(is_captured_png(trial.input<CaptionTask>().picture)) << path;
      const HttpResponse response = trial.respond({text_outcome({"a cat"})});
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(response.body, R"([{"generated_text":"a cat"}])");  // a bare object is rejected
    }
  }
}

TEST(HuggingFaceDialect, CaptionsJsonWithGenerationParameters) {
  const Trial trial(
      hugging_face_dialect(),
      post_json("/image-to-text",
                R"({"inputs":)" + picture_json() +
                    R"(,"parameters":{"max_new_tokens":7,"prompt":"a photo of",)"
                    R"("generate_kwargs":{"num_beams":3,"num_return_sequences":2}}})"));
  const auto& task = trial.input<CaptionTask>();
  EXPECT_EQ(task.generation.max_new_tokens, 7);
  EXPECT_EQ(task.generation.num_beams, 3);
  EXPECT_EQ(task.prompt, "a photo of");
  EXPECT_EQ(trial.respond({text_outcome({"a photo of a cat", "a photo of a dog"})}).body,
            R"([{"generated_text":"a photo of a cat"},{"generated_text":"a photo of a dog"}])");
}

TEST(HuggingFaceDialect, AnswersQuestions) {
  for (const char* path : {"/", "/visual-question-answering"}) {
    const Trial trial(hugging_face_dialect(), at(path, captured("hf_vqa")));
    const auto& task = trial.input<AnswerTask>();
    EXPECT_TRUE(is_captured_png(task.picture));
    EXPECT_EQ(task.question, "Is it a cat?");
    EXPECT_EQ(task.generation.num_return_sequences, 2);
    EXPECT_EQ(task.generation.num_beams, 2);
    EXPECT_EQ(task.generation.top_k, std::nullopt);
    EXPECT_EQ(trial.respond({text_outcome({"yes"}, std::log(0.5F))}).body,
              R"([{"answer":"yes","score":0.5}])");
  }
  // As older clients write it.
  const Trial older(
      hugging_face_dialect(),
      post_json("/", R"({"inputs":{"question":"why?","image":)" + picture_json() + "}}"));
  EXPECT_EQ(older.input<AnswerTask>().question, "why?");
  EXPECT_EQ(older.input<AnswerTask>().generation.num_return_sequences, std::nullopt);
}

TEST(HuggingFaceDialect, ClassifiesByLabelsOfTheRequest) {
  for (const char* path : {"/", "/zero-shot-image-classification"}) {
    const Trial trial(hugging_face_dialect(), at(path, captured("hf_zero_shot")));
    const auto& task = trial.input<ClassifyTask>();
    EXPECT_EQ(task.labels, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(task.templates, std::vector<std::string>{"a photo of {}"});
    EXPECT_EQ(task.top, 0U);
    EXPECT_EQ(trial.tasks()[0].model, "clip-vit-base-patch32");  // not vit, which has its own
    EXPECT_EQ(trial.respond({labels_outcome({{"cat", 0.9F}, {"dog", 0.1F}})}).body,
              R"([{"label":"cat","score":0.9},{"label":"dog","score":0.1}])");
  }
  const Trial text(hugging_face_dialect(),
                   post_json("/", R"({"inputs":)" + picture_json() +
                                      R"(,"parameters":{"candidate_labels":"a cat, dog,"}})"));
  EXPECT_EQ(text.input<ClassifyTask>().labels, (std::vector<std::string>{"a cat", "dog"}));
}

TEST(HuggingFaceDialect, ClassifiesByLabelsOfTheModel) {
  const Trial raw(hugging_face_dialect(), at("/image-classification", captured("hf_classify")));
  EXPECT_TRUE(is_captured_png(raw.input<ClassifyTask>().picture));
  EXPECT_TRUE(raw.input<ClassifyTask>().labels.empty());
  EXPECT_EQ(raw.input<ClassifyTask>().top, 5U);
  EXPECT_EQ(raw.respond({labels_outcome({{"cat", 0.25F}})}).body,
            R"([{"label":"cat","score":0.25}])");
  const Trial json(hugging_face_dialect(),
                   at("/image-classification", captured("hf_classify_json")));
  EXPECT_TRUE(is_captured_png(json.input<ClassifyTask>().picture));
  EXPECT_EQ(json.input<ClassifyTask>().top, 2U);
}

TEST(HuggingFaceDialect, ExtractsFeatures) {
  for (const char* path : {"/", "/feature-extraction"}) {
    const Trial one(hugging_face_dialect(), at(path, captured("hf_features")));
    EXPECT_EQ(one.input<EmbedTextsTask>().texts, std::vector<std::string>{"a cat"});
    EXPECT_EQ(one.tasks()[0].model, "clip-vit-base-patch32");
    EXPECT_EQ(one.respond({embedding_outcome({0.6F, 0.8F})}).body, "[[0.6,0.8]]");
    ServerView server = trial_server();
    const Trial list(hugging_face_dialect(), at(path, captured("hf_features_list")));
    EXPECT_EQ(list.input<EmbedTextsTask>().texts, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(list.respond({embedding_outcome({1, 0, 0, 1}, 2)}).body, "[[1,0],[0,1]]");
  }
  const Trial picture(hugging_face_dialect(), at("/feature-extraction", captured("hf_caption")));
  EXPECT_TRUE(is_captured_png(picture.input<EmbedImageTask>().picture));
  const Trial mixed(hugging_face_dialect(),
                    post_json("/feature-extraction", R"({"inputs":["a",{"image":)" +
                                                         picture_json() + R"(}],"dimensions":1})"));
  ASSERT_EQ(mixed.tasks().size(), 2U);
  EXPECT_EQ(mixed.tasks()[0].model, mixed.tasks()[1].model);
  EXPECT_EQ(mixed.respond({embedding_outcome({0.6F, 0.8F}), embedding_outcome({-0.6F, 0.8F})}).body,
            "[[-1],[1]]");
}

TEST(HuggingFaceDialect, ComparesSentences) {
  for (const char* path : {"/", "/sentence-similarity"}) {
    const Trial trial(hugging_face_dialect(), at(path, captured("hf_similarity")));
    EXPECT_EQ(trial.input<EmbedTextsTask>().texts, (std::vector<std::string>{"a cat", "a", "b"}));
    EXPECT_EQ(trial.respond({embedding_outcome({1, 0, 0.5F, 0.5F, 0, 1}, 3)}).body, "[0.5,0]");
  }
}

TEST(HuggingFaceDialect, RefusesBadRequests) {
  EXPECT_EQ(status_of_body("/image-to-text", "{"), 400);
  EXPECT_EQ(status_of_body("/image-to-text", "{}"), 400);
  EXPECT_EQ(status_of_body("/image-to-text", R"({"inputs":"no base64!"})"), 400);
  EXPECT_EQ(status_of_body("/image-to-text", ""), 400);
  EXPECT_EQ(status_of_body("/visual-question-answering", R"({"inputs":)" + picture_json() + "}"),
            400);
  EXPECT_EQ(status_of_body(
                "/zero-shot-image-classification",
                R"({"inputs":)" + picture_json() + R"(,"parameters":{"candidate_labels":[]}})"),
            400);
  EXPECT_EQ(status_of_body("/", R"({"inputs":"a","parameters":[]})"), 400);
  EXPECT_EQ(status_of_body("/sentence-similarity", R"({"inputs":{"source_sentence":"a"}})"), 400);
  EXPECT_EQ(status_of_body("/image-to-text/nobody/nothing", R"({"inputs":)" + picture_json() + "}"),
            404);
  EXPECT_EQ(status_of_body("/image-classification",
                           R"({"inputs":)" + picture_json() +
                               R"(,"parameters":{"function_to_apply":"sigmoid"}})"),
            400);
  EXPECT_FALSE(Trial(hugging_face_dialect(), get("/")).is_taken());
  EXPECT_FALSE(Trial(hugging_face_dialect(), post_json("/elsewhere", "{}")).is_taken());
}

TEST(HuggingFaceDialect, TellsOfTasksThatFailed) {
  const Trial trial(hugging_face_dialect(), captured("hf_caption"));
  EXPECT_EQ(trial.respond({failed(FailureKind::queue_full)}).status, 503);
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image, "bad image")}).body,
            R"({"error":"bad image"})");
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image)}).status, 422);
}

}  // namespace
}  // namespace blip::serve
