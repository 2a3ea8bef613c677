// Requests of webuiapi as captured, of SillyTavern and of TagGUI by KoboldCpp's API.
#include <gtest/gtest.h>

#include <string>

#include "dialect_trial.hpp"

namespace blip::serve {
namespace {

Trial web_ui(const std::string& path, const std::string& body,
             const ServerView& server = trial_server()) {
  return Trial(automatic1111_dialect(), post_json(path, body), server);
}

TEST(Automatic1111Dialect, InterrogatesAsTheWebInterfaceDoes) {
  const Trial trial(automatic1111_dialect(), captured("webui_interrogate"));
  const auto& task = trial.input<CaptionTask>();
  EXPECT_TRUE(is_captured_png(task.picture));
  EXPECT_EQ(task.generation.min_length, 24);
  EXPECT_EQ(task.generation.max_length, 48);
  EXPECT_EQ(task.generation.num_beams, 1);
  EXPECT_EQ(task.prompt, "");
  EXPECT_EQ(trial.respond({text_outcome({"a cat"})}).body, R"({"caption":"a cat"})");
}

TEST(Automatic1111Dialect, TagsWithDeepdanbooru) {
  const std::string body = R"({"image":"aGVsbG8=","model":"deepdanbooru"})";
  const Trial trial = web_ui("/sdapi/v1/interrogate", body);
  EXPECT_EQ(bytes_of(trial.input<TagTask>().picture), "hello");
  EXPECT_EQ(trial.respond({labels_outcome({{"cat", 0.1F}, {"sofa", 0.05F}})}).body,
            R"({"caption":"cat, sofa"})");
  ServerView server = trial_server();
  server.engine.models.resize(1);
  EXPECT_EQ(web_ui("/sdapi/v1/interrogate", body, server).answered()->body,
            R"({"detail":"Model not found"})");
}

TEST(Automatic1111Dialect, RefusesAsTheWebInterfaceDoes) {
  const Trial model = web_ui("/sdapi/v1/interrogate", R"({"image":"aGVsbG8=","model":"x"})");
  EXPECT_EQ(model.answered()->status, 404);
  EXPECT_EQ(model.answered()->body, R"({"detail":"Model not found"})");
  const Trial image = web_ui("/sdapi/v1/interrogate", R"({"model":"clip"})");
  EXPECT_EQ(image.answered()->status, 404);
  EXPECT_EQ(image.answered()->body, R"({"detail":"Image not found"})");
  for (const std::string body : {"", "{", R"({"image":"no base64!"})", R"({"image":1})"}) {
    EXPECT_EQ(web_ui("/sdapi/v1/interrogate", body).answered()->status, 400) << body;
  }
  EXPECT_EQ(web_ui("/api/caption", "{}").answered()->status, 400);
  const Trial trial(automatic1111_dialect(), captured("webui_interrogate"));
  EXPECT_EQ(trial.respond({failed(FailureKind::queue_full)}).status, 503);
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image, "bad")}).body, R"({"detail":"bad"})");
}

TEST(Automatic1111Dialect, AnswersItsOtherQuestions) {
  const auto json = [](const std::string& path) {
    return json_of(*Trial(automatic1111_dialect(), get(path)).answered());
  };
  EXPECT_TRUE(json("/sdapi/v1/scripts")["txt2img"].is_array());
  EXPECT_EQ(json("/api/modules"), nlohmann::json::parse(R"({"modules":["caption"]})"));
  EXPECT_EQ(json("/api/v1/model"), nlohmann::json::parse(R"({"result":"koboldcpp/blip"})"));
  EXPECT_FALSE(Trial(automatic1111_dialect(), get("/sdapi/v1/interrogate")).is_taken());
}

TEST(Automatic1111Dialect, CaptionsForSillyTavern) {
  const Trial trial = web_ui("/api/caption", R"({"image":"aGVsbG8="})");
  EXPECT_EQ(bytes_of(trial.input<CaptionTask>().picture), "hello");
  EXPECT_EQ(trial.input<CaptionTask>().generation.min_length, std::nullopt);
  EXPECT_EQ(trial.respond({text_outcome({"a cat"})}).body, R"({"caption":"a cat"})");
}

TEST(Automatic1111Dialect, GeneratesForKoboldsClients) {
  const Trial trial =
      web_ui("/api/v1/generate", R"({"prompt":"\n### Instruction:\nDescribe it.\n### Response:\n",)"
                                 R"("images":["aGVsbG8="],"max_length":40,"temperature":0})");
  const auto& task = trial.input<CaptionTask>();
  EXPECT_EQ(bytes_of(task.picture), "hello");
  EXPECT_EQ(task.prompt, "");  // an instruction is no beginning of a caption
  EXPECT_EQ(task.generation.max_new_tokens, 40);
  EXPECT_EQ(trial.respond({text_outcome({"a cat"})}).body, R"({"results":[{"text":"a cat"}]})");

  const Trial question =
      web_ui("/api/v1/generate",
             R"({"prompt":"<|im_start|>user\nwhat is it?<|im_end|>\n<|im_start|>assistant",)"
             R"("images":["aGVsbG8="]})");
  EXPECT_EQ(question.input<AnswerTask>().question, "what is it?");
  EXPECT_EQ(web_ui("/api/v1/generate", R"({"prompt":"hello"})").answered()->status, 400);
}

}  // namespace
}  // namespace blip::serve
