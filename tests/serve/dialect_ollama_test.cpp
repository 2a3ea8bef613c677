// Requests of ollama-python as captured, those of PhotoPrism and Home Assistant as their sources
// have them, and what these clients read.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

Trial tried(const HttpRequest& request, const ServerView& server = trial_server()) {
  return Trial(ollama_dialect(), request, server);
}

/// The status of an answer without tasks, whose body is {"error": text}.
int refused(const HttpRequest& request, const ServerView& server = trial_server()) {
  const Trial trial = tried(request, server);
  EXPECT_NE(trial.answered(), nullptr);
  if (trial.answered() == nullptr) return 0;
  EXPECT_TRUE(json_of(*trial.answered())["error"].is_string());
  return trial.answered()->status;
}

std::string image() {
  return '"' + encode_base64("a picture") + '"';
}

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
  }
  EXPECT_EQ(at, text.size());
  return lines;
}

TaskOutcome timed_outcome() {
  auto result = std::get<TaskResult>(text_outcome({"a cat"}));
  std::get<TextResult>(result.value).prompt_tokens = 2;
  result.load_time = std::chrono::nanoseconds(1);
  result.queue_time = std::chrono::nanoseconds(10);
  result.prompt_time = std::chrono::nanoseconds(100);
  result.generate_time = std::chrono::nanoseconds(1000);
  return result;
}

TEST(OllamaDialect, GeneratesAsCaptured) {
  const Trial trial = tried(captured("ollama_generate"));
  const auto& task = trial.input<CaptionTask>();
  EXPECT_TRUE(is_captured_png(task.picture));
  EXPECT_EQ(task.prompt, "");  // "Describe"
  EXPECT_EQ(task.generation.do_sample, false);
  EXPECT_EQ(task.generation.max_new_tokens, 20);
  EXPECT_EQ(task.generation.seed, 1U);
  EXPECT_EQ(trial.tasks().front().model, "blip");
  EXPECT_EQ(trial.tasks().front().client, "");
  EXPECT_FALSE(trial.streams());
  const auto body = json_of(trial.respond({timed_outcome()}));
  EXPECT_EQ(body["model"], "blip");
  EXPECT_EQ(body["response"], "a cat");
  EXPECT_EQ(body["done"], true);
  EXPECT_EQ(body["done_reason"], "stop");
  EXPECT_EQ(body["total_duration"], 1111);
  EXPECT_EQ(body["load_duration"], 1);
  EXPECT_EQ(body["prompt_eval_count"], 2);
  EXPECT_EQ(body["prompt_eval_duration"], 100);
  EXPECT_EQ(body["eval_count"], 4);
  EXPECT_EQ(body["eval_duration"], 1000);
  EXPECT_EQ(body["created_at"], "1970-01-01T00:00:00.000000Z");
}

TEST(OllamaDialect, StreamsLines) {
  const Trial trial = tried(captured("ollama_generate_stream"));
  ASSERT_TRUE(trial.streams());
  EXPECT_EQ(trial.stream().headers.find("Content-Type"), "application/x-ndjson");
  const std::string text = trial.streamed({"a ", "cat"}, {text_outcome({"a cat"})});
  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["response"], "a ");
  EXPECT_EQ(lines[0]["done"], false);
  EXPECT_EQ(lines[1]["response"], "cat");
  EXPECT_EQ(lines[2]["response"], "");
  EXPECT_EQ(lines[2]["done"], true);
  EXPECT_TRUE(lines[2].contains("total_duration"));
}

TEST(OllamaDialect, StreamsUnlessToldOtherwise) {
  EXPECT_TRUE(tried(post_json("/api/generate", R"({"model":"blip","images":[)" + image() + "]}"))
                  .streams());
  EXPECT_TRUE(
      tried(post_json("/api/generate", R"({"stream":null,"images":[)" + image() + "]}")).streams());
}

TEST(OllamaDialect, EndsAStreamWithAnError) {
  const Trial trial = tried(captured("ollama_generate_stream"));
  const auto lines =
      lines_of(trial.stream().end(std::vector{failed(FailureKind::internal, "boom")}));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], nlohmann::json({{"error", "boom"}}));
}

TEST(OllamaDialect, ChatsAsCaptured) {
  const Trial trial = tried(captured("ollama_chat"));
  EXPECT_TRUE(is_captured_png(trial.input<CaptionTask>().picture));
  const auto body = json_of(trial.respond({text_outcome({"a cat"})}));
  EXPECT_EQ(body["message"], nlohmann::json({{"role", "assistant"}, {"content", "a cat"}}));
  EXPECT_EQ(body["done"], true);
  const Trial streamed = tried(captured("ollama_chat_stream"));
  const auto lines = lines_of(streamed.streamed({"a cat"}, {text_outcome({"a cat"})}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["message"]["content"], "a cat");
  EXPECT_EQ(lines[1]["message"]["content"], "");
}

// ha-llmvision: a message a picture, the question last.
TEST(OllamaDialect, CollectsPicturesOfAllUserMessages) {
  const Trial trial =
      tried(post_json("/api/chat", R"({"model":"blip","stream":false,"system":"s","messages":[
        {"role":"system","content":"Be short."},
        {"role":"user","content":"Image 1:","images":[)" +
                                       image() + R"(]},
        {"role":"user","content":"Image 2:","images":[)" +
                                       image() + R"(]},
        {"role":"user","content":"is there a car?"}],"options":{"num_ctx":8192,"num_predict":100}})"));
  ASSERT_EQ(trial.tasks().size(), 2U);
  EXPECT_EQ(trial.input<AnswerTask>(1).question, "is there a car?");
  EXPECT_EQ(
      json_of(trial.respond({text_outcome({"yes"}), text_outcome({"no"})}))["message"]["content"],
      "yes; no");
  EXPECT_EQ(
      json_of(trial.respond({text_outcome({"yes"}), text_outcome({"yes"})}))["message"]["content"],
      "yes");
}

TEST(OllamaDialect, TakesTheFirstOrTheLastPictureIfTold) {
  ServerView server = trial_server();
  const auto request = post_json("/api/generate", R"({"images":[")" + encode_base64("first") +
                                                      R"(",")" + encode_base64("last") + R"("]})");
  server.many_pictures = ManyPictures::first;
  EXPECT_EQ(bytes_of(tried(request, server).input<CaptionTask>().picture), "first");
  server.many_pictures = ManyPictures::last;
  const Trial trial = tried(request, server);
  EXPECT_EQ(trial.tasks().size(), 1U);
  EXPECT_EQ(bytes_of(trial.input<CaptionTask>().picture), "last");
}

TEST(OllamaDialect, WrapsWhatShallBeJson) {
  for (const char* name : {"ollama_generate_json", "ollama_generate_schema"}) {
    const Trial trial = tried(captured(name));
    const auto body = json_of(trial.respond({text_outcome({"a \"cat\""})}));
    EXPECT_EQ(nlohmann::json::parse(body["response"].get<std::string>()),
              nlohmann::json({{"caption", "a \"cat\""}}));
  }
  EXPECT_EQ(
      refused(post_json("/api/generate",
                        R"({"images":[)" + image() +
                            R"(],"format":{"type":"object","properties":{"n":{"type":"integer"}},
                                  "required":["n"]}})")),
      400);
  EXPECT_EQ(refused(post_json("/api/generate", R"({"images":[)" + image() + R"(],"format":7})")),
            400);
}

// PhotoPrism's struct: all of its fields at once.
TEST(OllamaDialect, GivesPhotoprismItsLabels) {
  const Trial trial = tried(post_json(
      "/api/generate",
      R"({"id":"x","model":"blip:latest","version":"","system":"You are a PhotoPrism vision model. Output concise JSON.",
      "prompt":"Analyze the image and return label objects","suffix":"","format":"json","options":{"temperature":0.1,"top_p":0.9,"stop":["\n\n"]},
      "think":false,"stream":false,"images":[)" +
          image() + "]}"));
  EXPECT_EQ(trial.tasks().front().model, "clip-vit-base-patch32");  // blip makes no labels
  EXPECT_TRUE(std::holds_alternative<TagTask>(trial.tasks().front().input));
  const auto body = json_of(trial.respond({labels_outcome({{"cat", 0.02F}})}));
  const auto answer = nlohmann::json::parse(body["response"].get<std::string>());
  ASSERT_EQ(answer["labels"].size(), 1U);
  EXPECT_EQ(answer["labels"][0]["name"], "cat");
  EXPECT_TRUE(answer["labels"][0]["confidence"].is_number());
  EXPECT_TRUE(answer["labels"][0]["topicality"].is_number());
}

TEST(OllamaDialect, CutsAtStops) {
  const Trial trial = tried(post_json(
      "/api/generate", R"({"stream":false,"options":{"stop":" and"},"images":[)" + image() + "]}"));
  EXPECT_EQ(json_of(trial.respond({text_outcome({"a cat and a dog"})}))["response"], "a cat");
}

TEST(OllamaDialect, LoadsOnAnEmptyPrompt) {
  for (const char* body : {R"({"model":"blip"})", R"({"model":"blip","messages":[]})"}) {
    const Trial trial = tried(post_json(
        std::string(body).find("messages") == std::string::npos ? "/api/generate" : "/api/chat",
        body));
    ASSERT_NE(trial.answered(), nullptr);
    const auto answer = json_of(*trial.answered());
    EXPECT_EQ(answer["done_reason"], "load");
    EXPECT_EQ(answer["done"], true);
  }
  const Trial unload = tried(post_json("/api/generate", R"({"model":"blip","keep_alive":0})"));
  EXPECT_EQ(json_of(*unload.answered())["done_reason"], "unload");
}

TEST(OllamaDialect, RefusesInOllamasWords) {
  const Trial unknown = tried(captured("ollama_unknown_model"));
  ASSERT_NE(unknown.answered(), nullptr);
  EXPECT_EQ(unknown.answered()->status, 404);
  EXPECT_EQ(unknown.answered()->body, R"({"error":"model 'nope' not found"})");
  const Trial empty = tried(post_json("/api/generate", ""));
  EXPECT_EQ(empty.answered()->body, R"({"error":"missing request body"})");
  EXPECT_EQ(empty.answered()->status, 400);
  // Open WebUI's titles: no picture.
  EXPECT_EQ(refused(post_json("/api/chat", R"({"model":"blip","messages":[{"role":"user",
                                            "content":"Generate a title"}]})")),
            400);
  EXPECT_EQ(refused(post_json("/api/generate", R"({"think":true,"images":[)" + image() + "]}")),
            400);
  EXPECT_EQ(refused(post_json("/api/generate", R"({"images":["!"]})")), 400);
  EXPECT_EQ(refused(post_json("/api/generate", R"({"images":7})")), 400);
  EXPECT_EQ(refused(post_json("/api/generate",
                              R"({"options":{"temperature":"hot"},"images":[)" + image() + "]}")),
            400);
  EXPECT_EQ(refused(post_json("/api/chat", R"({"messages":[7]})")), 400);
}

TEST(OllamaDialect, TellsOfFailuresByOllamasStatuses) {
  const Trial trial = tried(captured("ollama_generate"));
  const HttpResponse full = trial.respond({failed(FailureKind::queue_full)});
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.body,
            R"({"error":"server busy, please try again.  maximum pending requests exceeded"})");
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image)}).status, 422);
  EXPECT_EQ(trial.respond({failed(FailureKind::loading)}).status, 503);
  EXPECT_EQ(trial.respond({failed(FailureKind::internal)}).status, 500);
}

TEST(OllamaDialect, ListsModels) {
  const auto tags = json_of(*tried(get("/api/tags")).answered())["models"];
  ASSERT_EQ(tags.size(), 3U);
  EXPECT_EQ(tags[0]["name"], "blip:latest");
  EXPECT_EQ(tags[0]["model"], "blip:latest");
  EXPECT_EQ(tags[0]["digest"], std::string(64, 'a'));
  EXPECT_TRUE(tags[0]["size"].is_number_unsigned());
  EXPECT_TRUE(tags[0]["modified_at"].is_string());
  EXPECT_EQ(tags[0]["details"]["families"],
            nlohmann::json::array({"BlipForConditionalGeneration"}));
  EXPECT_EQ(tags[0]["capabilities"], nlohmann::json::array({"completion", "vision"}));
  ServerView server = trial_server();
  EXPECT_EQ(json_of(*tried(get("/api/ps"), server).answered())["models"].size(), 0U);
  server.engine.models[1].loaded = true;
  const auto ps = json_of(*tried(get("/api/ps"), server).answered())["models"];
  ASSERT_EQ(ps.size(), 1U);
  EXPECT_EQ(ps[0]["size_vram"], 0);
  EXPECT_TRUE(ps[0]["expires_at"].get<std::string>().ends_with("+00:00"));
}

TEST(OllamaDialect, ShowsAModel) {
  const Trial trial = tried(captured("ollama_show"));
  const auto body = json_of(*trial.answered());
  EXPECT_TRUE(body["model_info"].is_object());
  EXPECT_EQ(body["model_info"]["general.architecture"], "BlipForConditionalGeneration");
  EXPECT_EQ(body["capabilities"], nlohmann::json::array({"completion", "vision"}));
  EXPECT_TRUE(body["details"].is_object());
  EXPECT_EQ(refused(post_json("/api/show", R"({"name":"nope"})")), 404);
  EXPECT_EQ(refused(post_json("/api/show", "{}")), 400);
}

TEST(OllamaDialect, Embeds) {
  HttpRequest request = captured("ollama_embed");
  request.body = std::make_shared<const std::string>(
      R"({"model":"clip_vit_base_patch32","input":["a","b"],"truncate":true,"dimensions":1})");
  const Trial trial = tried(request);
  EXPECT_EQ(trial.input<EmbedTextsTask>().texts, (std::vector<std::string>{"a", "b"}));
  const auto body = json_of(trial.respond({embedding_outcome({0.6F, 0.8F, -1, 0}, 2)}));
  EXPECT_EQ(body["embeddings"], nlohmann::json::parse("[[1.0],[-1.0]]"));
  EXPECT_EQ(body["prompt_eval_count"], 5);
  const Trial plain = tried(post_json("/api/embed", R"({"input":"a"})"));
  EXPECT_EQ(json_of(plain.respond({embedding_outcome({0.6F, 0.8F})}))["embeddings"],
            nlohmann::json::parse("[[0.6,0.8]]"));
  const Trial one = tried(post_json("/api/embeddings", R"({"prompt":"a"})"));
  EXPECT_EQ(json_of(one.respond({embedding_outcome({0.6F, 0.8F})}))["embedding"],
            nlohmann::json::parse("[0.6,0.8]"));
  EXPECT_EQ(refused(captured("ollama_embed")), 400);  // blip embeds nothing here
  EXPECT_EQ(refused(post_json("/api/embed", R"({"input":[]})")), 400);
}

TEST(OllamaDialect, PullsWhatIsThere) {
  const Trial trial = tried(captured("ollama_pull"));
  EXPECT_EQ(trial.answered()->body, R"({"status":"success"})");
  const Trial streamed = tried(captured("ollama_pull_stream"));
  const auto lines = lines_of(streamed.answered()->body);
  EXPECT_EQ(lines.back(), nlohmann::json({{"status", "success"}}));
  EXPECT_EQ(refused(post_json("/api/pull", R"({"model":"nope"})")), 404);
}

TEST(OllamaDialect, HasAVersionThatParses) {
  EXPECT_EQ(tried(get("/api/version")).answered()->body, R"({"version":"0.12.0-blip"})");
}

TEST(OllamaDialect, LeavesOthersAlone) {
  EXPECT_FALSE(tried(get("/api/generate")).is_taken());
  EXPECT_FALSE(tried(get("/api/v1/vision/caption")).is_taken());
  const auto dialect = ollama_dialect();
  EXPECT_EQ(dialect.methods("/api/generate"), (std::vector<std::string_view>{"POST"}));
  EXPECT_EQ(dialect.methods("/api/tags"), (std::vector<std::string_view>{"GET", "HEAD"}));
  EXPECT_TRUE(dialect.methods("/api/nothing").empty());
  EXPECT_EQ(dialect.error(405, "no").body, R"({"error":"no"})");
}

TEST(OllamaDialect, DoesWhatTheNamedModelCannotByAnother) {
  ServerView server = trial_server();
  server.engine.models.erase(server.engine.models.begin());
  server.engine.models.push_back(trial_model("captioner", "Blip", {TaskKind::caption}, 0, 512));
  server.engine.models.push_back(trial_model("answerer", "Blip", {TaskKind::answer}, 0, 512));
  const auto request = [&](const char* prompt) {
    return post_json("/api/generate", std::string(R"({"model":"captioner","prompt":")") + prompt +
                                          R"(","images":[)" + image() + "]}");
  };
  EXPECT_EQ(tried(request("what is it?"), server).tasks().front().model, "answerer");
  EXPECT_EQ(tried(request("describe"), server).tasks().front().model, "captioner");
  server.engine.models.pop_back();  // nobody answers: a caption
  const Trial caption = tried(request("what is it?"), server);
  EXPECT_EQ(caption.input<CaptionTask>().prompt, "");
  server.prompt_mode = PromptMode::vqa;
  EXPECT_EQ(refused(request("what is it?"), server), 400);
}

TEST(OllamaDialect, StripsOpeningsIfTold) {
  ServerView server = trial_server();
  server.strip_openings = true;
  const Trial trial =
      tried(post_json("/api/generate", R"({"stream":false,"images":[)" + image() + "]}"), server);
  EXPECT_EQ(json_of(trial.respond({text_outcome({"there is a cat"})}))["response"], "a cat");
}

}  // namespace
}  // namespace blip::serve
