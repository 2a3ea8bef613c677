// Requests of openai-python as captured, those of Nextcloud, PhotoPrism and Frigate as their
// sources have them, and what these clients read.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

Trial asked(const HttpRequest& request, const ServerView& server = trial_server()) {
  return Trial(openai_dialect(), request, server);
}

/// {"error": {"message", "type", "param", "code"}}
nlohmann::json error_of(const HttpResponse& response) {
  const auto body = json_of(response);
  EXPECT_TRUE(body["error"]["message"].is_string());
  EXPECT_TRUE(body["error"]["type"].is_string());
  EXPECT_TRUE(body["error"].contains("param"));
  EXPECT_TRUE(body["error"].contains("code"));
  return body["error"];
}

int status_of_refusal(const HttpRequest& request) {
  const Trial trial = asked(request);
  EXPECT_NE(trial.answered(), nullptr);
  if (trial.answered() == nullptr) return 0;
  (void)error_of(*trial.answered());
  return trial.answered()->status;
}

std::string data_url() {
  return "data:image/png;base64," + encode_base64("a picture");
}

HttpRequest chat(const std::string& fields, const std::string& text = "") {
  return post_json(
      "/v1/chat/completions",
      R"({"model":"blip","messages":[{"role":"user","content":[{"type":"text","text":")" + text +
          R"("},{"type":"image_url","image_url":{"url":")" + data_url() + R"("}}]}])" + fields +
          '}');
}

/// The data of the events, "[DONE]" as a string.
std::vector<nlohmann::json> events_of(const std::string& text) {
  std::vector<nlohmann::json> events;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find("\n\n", at)) != std::string::npos; at = end + 2) {
    std::string event = text.substr(at, end - at);
    if (const auto data = event.find("data: "); data != std::string::npos) {
      event = event.substr(data + 6);
      events.push_back(event == "[DONE]" ? nlohmann::json(event) : nlohmann::json::parse(event));
    }
  }
  EXPECT_EQ(at, text.size());
  return events;
}

TaskOutcome counted_outcome(std::vector<std::string> texts) {
  auto outcome = text_outcome(texts);
  std::get<TextResult>(std::get<TaskResult>(outcome).value).prompt_tokens = 3;
  return outcome;
}

TEST(OpenaiDialect, CompletesChatsAsCaptured) {
  HttpRequest request = captured("openai_chat");
  request.request_id = "r1";
  const Trial trial = asked(request);
  const auto& task = trial.input<CaptionTask>();
  EXPECT_TRUE(is_captured_png(task.picture));
  EXPECT_EQ(task.generation.max_new_tokens, 30);
  EXPECT_EQ(task.generation.do_sample, false);
  EXPECT_FALSE(trial.streams());
  EXPECT_EQ(json_of(trial.respond({counted_outcome({"a cat"})})),
            nlohmann::json::parse(R"({"id":"chatcmpl-r1","object":"chat.completion","created":0,
            "model":"blip","choices":[{"index":0,"message":{"role":"assistant","content":"a cat",
            "refusal":null},"logprobs":null,"finish_reason":"stop"}],
            "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"));
}

TEST(OpenaiDialect, StreamsChunks) {
  const Trial trial = asked(captured("openai_chat_stream"));
  ASSERT_TRUE(trial.streams());
  EXPECT_EQ(trial.stream().headers.find("Content-Type"), "text/event-stream");
  EXPECT_EQ(trial.stream().keep_alive, ": ping\n\n");
  const auto events = events_of(trial.streamed({"a ", "cat"}, {counted_outcome({"a cat"})}));
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events[0]["object"], "chat.completion.chunk");
  EXPECT_EQ(events[0]["choices"][0]["delta"],
            nlohmann::json({{"role", "assistant"}, {"content", ""}}));
  EXPECT_TRUE(events[0]["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(events[1]["choices"][0]["delta"]["content"], "a ");
  EXPECT_EQ(events[2]["choices"][0]["delta"]["content"], "cat");
  EXPECT_EQ(events[3]["choices"][0]["delta"], nlohmann::json::object());
  EXPECT_EQ(events[3]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(events[4]["choices"], nlohmann::json::array());
  EXPECT_EQ(events[4]["usage"]["total_tokens"], 7);
  EXPECT_EQ(events[5], "[DONE]");
}

TEST(OpenaiDialect, StreamsNoUsageUnlessAsked) {
  const Trial trial = asked(chat(R"(,"stream":true)"));
  for (const auto& event : events_of(trial.streamed({}, {text_outcome({"a cat"})}))) {
    if (!event.is_object()) continue;
    EXPECT_FALSE(event.contains("usage"));
  }
}

TEST(OpenaiDialect, EndsAStreamWithAnErrorObject) {
  const Trial trial = asked(chat(R"(,"stream":true)"));
  const auto events =
      events_of(trial.stream().end(std::vector{failed(FailureKind::internal, "boom")}));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["error"]["message"], "boom");
}

TEST(OpenaiDialect, GivesSeveralChoices) {
  const Trial trial = asked(chat(R"(,"n":2)"));
  EXPECT_EQ(trial.input<CaptionTask>().generation.num_beams, 2);
  const auto body = json_of(trial.respond({text_outcome({"a cat", "a dog"})}));
  ASSERT_EQ(body["choices"].size(), 2U);
  EXPECT_EQ(body["choices"][1]["message"]["content"], "a dog");
  EXPECT_EQ(body["choices"][1]["index"], 1);
  EXPECT_EQ(status_of_refusal(chat(R"(,"n":1000)")), 400);
  const Trial streamed = asked(chat(R"(,"n":2,"stream":true)"));
  const auto events = events_of(streamed.streamed({"a cat"}, {text_outcome({"a cat", "a dog"})}));
  EXPECT_EQ(events[3]["choices"][0]["delta"]["content"], "a dog");
  EXPECT_EQ(events[3]["choices"][0]["index"], 1);
}

TEST(OpenaiDialect, TellsThatATextWasCutOff) {
  auto outcome = text_outcome({"a cat"});
  std::get<TextResult>(std::get<TaskResult>(outcome).value).texts[0].stopped = false;
  EXPECT_EQ(json_of(asked(chat("")).respond({outcome}))["choices"][0]["finish_reason"], "length");
}

TEST(OpenaiDialect, ReadsContentsOfEveryForm) {
  for (const std::string& content :
       std::vector<std::string>{R"([{"type":"image_url","image_url":")" + data_url() +
                                    R"("},{"type":"text","text":"is it?"}])",
                                R"(["is it?",{"type":"image_url","image_url":{"url":")" +
                                    data_url() + R"(","detail":"auto"}}])",
                                R"([{"type":"input_image","image_url":")" + data_url() +
                                    R"("},{"type":"input_text","text":"is it?"}])"}) {
    const Trial trial = asked(post_json(
        "/v1/chat/completions", R"({"messages":[{"role":"user","content":)" + content + "}]}"));
    EXPECT_EQ(trial.input<AnswerTask>().question, "is it?") << content;
    EXPECT_EQ(bytes_of(trial.input<AnswerTask>().picture), "a picture");
  }
}

// Nextcloud's AnalyzeImages: a message a picture, the question last.
TEST(OpenaiDialect, CollectsPicturesOfAllMessages) {
  const std::string picture =
      R"({"role":"user","content":[{"type":"image_url","image_url":{"url":")" + data_url() +
      R"("}}]})";
  const Trial trial = asked(post_json(
      "/v1/chat/completions",
      R"({"model":"blip","messages":[{"role":"system","content":"Take the user's question and answer it based on the provided images."},)" +
          picture + ',' + picture +
          R"(,{"role":"user","content":"what is it?"}],"max_tokens":1000,"n":1,"user":"admin"})"));
  ASSERT_EQ(trial.tasks().size(), 2U);
  EXPECT_EQ(trial.input<AnswerTask>(1).question, "what is it?");
  EXPECT_EQ(trial.input<AnswerTask>(1).generation.max_new_tokens, std::nullopt);
}

TEST(OpenaiDialect, LeavesAddressesToTheServer) {
  const Trial trial = asked([] {
    HttpRequest request = captured("openai_chat_schema");
    std::string body = *request.body;
    body.replace(body.find(R"("m")"), 3, R"("blip")");
    request.body = std::make_shared<const std::string>(body);
    return request;
  }());
  EXPECT_EQ(std::get<PictureUrl>(trial.input<CaptionTask>().picture).url, "https://x/y.jpg");
  EXPECT_EQ(trial.input<CaptionTask>().generation.max_new_tokens, 9);
  const auto body = json_of(trial.respond({text_outcome({"a cat"})}));
  EXPECT_EQ(body["choices"][0]["message"]["content"], R"({"caption":"a cat"})");
}

TEST(OpenaiDialect, AnswersInJsonIfAsked) {
  EXPECT_EQ(json_of(asked(chat(R"(,"response_format":{"type":"json_object"})"))
                        .respond({text_outcome({"a cat"})}))["choices"][0]["message"]["content"],
            R"({"caption":"a cat"})");
  EXPECT_EQ(json_of(asked(chat(R"(,"response_format":{"type":"text"})"))
                        .respond({text_outcome({"a cat"})}))["choices"][0]["message"]["content"],
            "a cat");
  EXPECT_EQ(status_of_refusal(chat(
                R"(,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":
                {"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}})")),
            400);
  // nothing of it is JSON before it is whole
  const Trial streamed = asked(chat(R"(,"stream":true,"response_format":{"type":"json_object"})"));
  EXPECT_EQ(streamed.stream().piece("a cat"), "");
  EXPECT_EQ(events_of(streamed.stream().end(
                std::vector{text_outcome({"a cat"})}))[0]["choices"][0]["delta"]["content"],
            R"({"caption":"a cat"})");
}

TEST(OpenaiDialect, TaskOverridesThePrompt) {
  EXPECT_EQ(asked(chat(R"(,"task":"caption")", "is it?")).input<CaptionTask>().prompt, "");
  EXPECT_EQ(asked(chat(R"(,"task":"prefix")", "describe")).input<CaptionTask>().prompt, "describe");
  EXPECT_EQ(status_of_refusal(chat(R"(,"task":"paint")")), 400);
}

TEST(OpenaiDialect, RefusesInOpenaisShape) {
  const Trial unknown = asked(captured("openai_unknown_model"));
  ASSERT_NE(unknown.answered(), nullptr);
  EXPECT_EQ(unknown.answered()->status, 404);
  EXPECT_EQ(error_of(*unknown.answered())["code"], "model_not_found");
  EXPECT_EQ(error_of(*unknown.answered())["type"], "invalid_request_error");
  for (
      const char* body :
      {"", "{}", R"({"messages":7})", R"({"messages":[7]})", R"({"messages":[]})",
       R"({"messages":[{"role":"user","content":"write a title"}]})",
       R"({"messages":[{"role":"user","content":[{"type":"input_audio"}]}]})",
       R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})",
       R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"!"}}]}]})"}) {
    EXPECT_EQ(status_of_refusal(post_json("/v1/chat/completions", body)), 400) << body;
  }
  EXPECT_EQ(status_of_refusal(chat(R"(,"temperature":3)")), 400);
}

TEST(OpenaiDialect, TellsOfFailuresAsItsClientExpects) {
  const Trial trial = asked(chat(""));
  const HttpResponse full = trial.respond({failed(FailureKind::queue_full)});
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.headers.find("Retry-After"), "1");
  EXPECT_EQ(error_of(full)["type"], "rate_limit_error");
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image)}).status, 422);
  EXPECT_EQ(trial.respond({failed(FailureKind::too_large)}).status, 413);
  const HttpResponse loading = trial.respond({failed(FailureKind::loading)});
  EXPECT_EQ(loading.status, 503);
  EXPECT_TRUE(loading.headers.find("Retry-After"));
  EXPECT_EQ(error_of(loading)["type"], "server_error");
  EXPECT_EQ(error_of(openai_dialect().error(401, "no"))["code"], "invalid_api_key");
}

TEST(OpenaiDialect, RespondsAsCaptured) {
  HttpRequest request = captured("openai_responses");
  request.request_id = "r1";
  const Trial trial = asked(request);
  EXPECT_EQ(trial.input<CaptionTask>().prompt, "hi");
  EXPECT_EQ(trial.input<CaptionTask>().generation.max_new_tokens, 64);
  const auto body = json_of(trial.respond({counted_outcome({"a cat"})}));
  EXPECT_EQ(body["id"], "resp_r1");
  EXPECT_EQ(body["object"], "response");
  EXPECT_EQ(body["status"], "completed");
  EXPECT_EQ(body["model"], "blip");
  ASSERT_EQ(body["output"].size(), 1U);
  EXPECT_EQ(body["output"][0]["type"], "message");
  EXPECT_EQ(body["output"][0]["role"], "assistant");
  EXPECT_EQ(body["output"][0]["content"][0]["type"], "output_text");
  EXPECT_EQ(body["output"][0]["content"][0]["text"], "a cat");
  EXPECT_EQ(body["output"][0]["content"][0]["annotations"], nlohmann::json::array());
  EXPECT_EQ(body["usage"]["input_tokens"], 3);
  EXPECT_EQ(body["usage"]["total_tokens"], 7);
}

TEST(OpenaiDialect, StreamsEventsOfAResponse) {
  HttpRequest request = captured("openai_responses");
  std::string body = *request.body;
  body.insert(body.size() - 1, R"(,"stream":true)");
  request.body = std::make_shared<const std::string>(body);
  const Trial trial = asked(request);
  const std::string text = trial.streamed({"a cat"}, {text_outcome({"a cat"})});
  const auto events = events_of(text);
  std::vector<std::string> types;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["sequence_number"], i);
    types.push_back(events[i]["type"]);
    EXPECT_NE(text.find("event: " + types.back() + '\n'), std::string::npos);
  }
  EXPECT_EQ(types, (std::vector<std::string>{
                       "response.created", "response.in_progress", "response.output_item.added",
                       "response.content_part.added", "response.output_text.delta",
                       "response.output_text.done", "response.content_part.done",
                       "response.output_item.done", "response.completed"}));
  EXPECT_EQ(events[4]["delta"], "a cat");
  EXPECT_EQ(events[4]["output_index"], 0);
  EXPECT_EQ(events[8]["response"]["output"][0]["content"][0]["text"], "a cat");
  EXPECT_EQ(events_of(trial.stream().end(std::vector{failed(FailureKind::internal)}))[0]["type"],
            "error");
}

// PhotoPrism's request for labels.
TEST(OpenaiDialect, MeetsPhotoprismsSchemas) {
  const auto with_format = [](const std::string& format) {
    return post_json(
        "/v1/responses",
        R"({"model":"blip","input":[{"role":"system","type":"message","content":[{"type":"input_text","text":"s"}]},
        {"role":"user","type":"message","content":[{"type":"input_text","text":"Analyze the image and return label objects"},
        {"type":"input_image","image_url":")" +
            data_url() + R"(","detail":"low"}]}],"max_output_tokens":1024,"text":{"format":)" +
            format + "}}");
  };
  const Trial trial = asked(with_format(
      R"({"type":"json_schema","name":"labels","schema":{"type":"object","properties":{"labels":{"type":"array","items":
      {"type":"object","properties":{"name":{"type":"string"},"confidence":{"type":"number"},"topicality":{"type":"number"}},
      "required":["name","confidence","topicality"]}}},"required":["labels"]}})"));
  const auto body = json_of(trial.respond({labels_outcome({{"cat", 0.02F}})}));
  const auto labels =
      nlohmann::json::parse(body["output"][0]["content"][0]["text"].get<std::string>())["labels"];
  EXPECT_EQ(labels[0]["name"], "cat");
  EXPECT_EQ(asked(with_format(R"({"type":"json_object"})")).tasks().front().input.index(),
            TaskInput(TagTask{}).index());
  EXPECT_EQ(status_of_refusal(captured("openai_responses_text")), 404);  // "m"
  EXPECT_EQ(status_of_refusal(post_json("/v1/responses", R"({"input":"hi"})")), 400);
}

HttpRequest embedding_request(std::string body) {
  return post_json("/v1/embeddings", std::move(body));
}

std::vector<float> floats_of(const std::string& base64) {
  const std::string bytes = decode_base64(base64).value();
  std::vector<float> floats(bytes.size() / 4);
  std::memcpy(floats.data(), bytes.data(), bytes.size());  // on a little-endian machine
  return floats;
}

TEST(OpenaiDialect, EmbedsTextsInBothEncodings) {
  const Trial trial =
      asked(embedding_request(R"({"model":"clip-vit-base-patch32","input":["a cat","a dog"],
                                "dimensions":256,"encoding_format":"base64"})"));
  EXPECT_EQ(trial.input<EmbedTextsTask>().texts, (std::vector<std::string>{"a cat", "a dog"}));
  const auto body = json_of(trial.respond({embedding_outcome({0.6F, 0.8F, 1, 0}, 2)}));
  EXPECT_EQ(body["object"], "list");
  ASSERT_EQ(body["data"].size(), 2U);
  EXPECT_EQ(body["data"][1]["object"], "embedding");
  EXPECT_EQ(body["data"][1]["index"], 1);
  EXPECT_EQ(floats_of(body["data"][0]["embedding"]), (std::vector<float>{0.6F, 0.8F}));
  EXPECT_EQ(body["usage"], nlohmann::json({{"prompt_tokens", 5}, {"total_tokens", 5}}));
  for (const char* encoding : {R"(,"encoding_format":"float")", "", R"(,"encoding_format":null)"}) {
    const Trial plain =
        asked(embedding_request(std::string(R"({"input":"a cat")") + encoding + '}'));
    EXPECT_EQ(json_of(plain.respond({embedding_outcome({0.6F, 0.8F})}))["data"][0]["embedding"],
              nlohmann::json::parse("[0.6,0.8]"));
  }
}

TEST(OpenaiDialect, EmbedsPicturesInThreeForms) {
  for (const std::string& input : std::vector<std::string>{
           R"("input":[{"text":"x"},{"image":")" + data_url() + R"("}])",
           R"("input":["x",{"content":[{"type":"image_url","image_url":{"url":")" + data_url() +
               R"("}}]}])"}) {
    const Trial trial = asked(embedding_request('{' + input + '}'));
    ASSERT_EQ(trial.tasks().size(), 2U);
    EXPECT_EQ(bytes_of(trial.input<EmbedImageTask>().picture), "a picture");
    EXPECT_EQ(trial.input<EmbedTextsTask>(1).texts, (std::vector<std::string>{"x"}));
    const auto data =
        json_of(trial.respond({embedding_outcome({1, 0}), embedding_outcome({0, 1})}))["data"];
    EXPECT_EQ(data[0]["embedding"], nlohmann::json::parse("[0.0,1.0]"));
    EXPECT_EQ(data[1]["embedding"], nlohmann::json::parse("[1.0,0.0]"));
  }
  const Trial messages = asked(embedding_request(
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
      data_url() + R"("}}]}]})"));
  EXPECT_EQ(bytes_of(messages.input<EmbedImageTask>().picture), "a picture");
  HttpRequest jina = captured("openai_embeddings_images");
  std::string body = *jina.body;
  body.replace(body.find("\"blip\""), 6, "\"vit\"");
  jina.body = std::make_shared<const std::string>(body);
  EXPECT_TRUE(is_captured_png(asked(jina).input<EmbedImageTask>().picture));
}

TEST(OpenaiDialect, RefusesOtherEmbeddings) {
  for (const char* body :
       {"{}", R"({"input":[]})", R"({"input":[1,2]})", R"({"input":[[1,2]]})", R"({"input":{}})",
        R"({"input":"x","encoding_format":"int8"})", R"({"input":"x","dimensions":0})",
        R"({"input":[{"text":"x","image":"aGk="}]})", R"({"input":[{"content":[]}]})",
        R"({"model":"blip","input":"x"})"}) {
    EXPECT_EQ(status_of_refusal(embedding_request(body)), 400) << body;
  }
}

TEST(OpenaiDialect, ListsModels) {
  const auto body = json_of(*asked(get("/v1/models")).answered());
  EXPECT_EQ(body["object"], "list");
  ASSERT_EQ(body["data"].size(), 3U);
  EXPECT_EQ(body["data"][0]["id"], "blip");
  EXPECT_EQ(body["data"][0]["object"], "model");
  EXPECT_EQ(body["data"][0]["owned_by"], "blip.cpp");
  EXPECT_TRUE(body["data"][0]["created"].is_number_integer());
  EXPECT_EQ(body["data"][0]["max_model_len"], 512);
  EXPECT_EQ(body["data"][0]["architecture"]["input_modalities"],
            nlohmann::json::array({"text", "image"}));
  EXPECT_EQ(json_of(*asked(get("/v1/models/BLIP:latest")).answered())["id"], "blip");
}

}  // namespace
}  // namespace blip::serve
