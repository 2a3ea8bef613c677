// The native API: JSON, forms and raw pictures in, the answers of openapi.json out.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "app/moderation/rule_evidence.hpp"
#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

Trial native(const HttpRequest& request, const ServerView& server = trial_server()) {
  return Trial(native_dialect(), request, server);
}

/// Without the last brace.
std::string with_image() {
  return R"({"image":")" + encode_base64("a picture") + '"';
}

HttpRequest native_post(const std::string& path, const std::string& fields = "") {
  return post_json("/blip/v1/" + path, with_image() + fields + '}');
}

/// The code of an answer without tasks.
std::string code_of(const Trial& trial) {
  if (trial.answered() == nullptr) return "none";
  EXPECT_FALSE(json_of(*trial.answered())["error"]["message"].get<std::string>().empty());
  return json_of(*trial.answered())["error"]["code"];
}

TEST(NativeDialect, Captions) {
  const Trial trial = native(native_post(
      "caption", R"(,"prompt":"a photo of","ban_words":["man"],"max_chars":40,"strip_prompt":true,
      "num_beams":3,"max_length":20,"min_length":5,"length_penalty":0.5,"repetition_penalty":1.1,
      "no_repeat_ngram_size":2,"num_return_sequences":2,"do_sample":false,"seed":18446744073709551615,
      "unknown":1,"top_k":null)"));
  const auto& task = trial.input<CaptionTask>();
  EXPECT_EQ(bytes_of(task.picture), "a picture");
  EXPECT_EQ(task.prompt, "a photo of");
  EXPECT_EQ(task.banned_words, (std::vector<std::string>{"man"}));
  EXPECT_EQ(task.edits.max_characters, 40U);
  EXPECT_TRUE(task.edits.strip_prompt);
  EXPECT_EQ(task.generation.output_scores, true);
  EXPECT_EQ(task.generation.num_beams, 3);
  EXPECT_EQ(task.generation.max_length, 20);
  EXPECT_EQ(task.generation.num_return_sequences, 2);
  EXPECT_EQ(task.generation.top_k, std::nullopt);
  EXPECT_EQ(task.generation.seed, 18446744073709551615U);
  EXPECT_EQ(trial.tasks().front().client, "10.0.0.7");
  EXPECT_EQ(trial.respond({text_outcome({"a cat"}, -1.5F)}).body,
            R"({"model":"blip","captions":[{"caption":"a cat","log_probability":-1.5,)"
            R"("mean_log_probability":0,"score":0}]})");
}

TEST(NativeDialect, StreamsTokens) {
  const Trial trial = native(native_post("caption", R"(,"stream":true)"));
  EXPECT_EQ(trial.stream().piece(" cat"), "event: token\ndata: {\"text\":\" cat\"}\n\n");
  EXPECT_EQ(trial.stream().end(std::vector{text_outcome({"a cat"})}),
            "event: done\ndata: {\"model\":\"blip\",\"captions\":[{\"caption\":\"a cat\","
            "\"log_probability\":0,\"mean_log_probability\":0,\"score\":0}]}\n\n");
  EXPECT_EQ(trial.stream().end(std::vector{failed(FailureKind::timed_out, "late")}),
            "event: error\ndata: {\"error\":{\"code\":\"timed_out\",\"message\":\"late\"}}\n\n");
  EXPECT_EQ(trial.stream().keep_alive, ": ping\n\n");
  EXPECT_FALSE(native(native_post("caption")).streams());
}

TEST(NativeDialect, TakesRawPicturesWithAQuery) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/blip/v1/ask";
  request.headers = {{"Content-Type", "image/jpeg"}};
  request.body = std::make_shared<const std::string>("{raw");
  request.query = {{"question", "is it?"}, {"answers", R"(["yes","no"])"},
                   {"answers", "maybe"},   {"top", "2"},
                   {"num_beams", "3"},     {"stream", "true"}};
  const Trial trial = native(request);
  const auto& task = trial.input<AnswerTask>();
  EXPECT_EQ(bytes_of(task.picture), "{raw");
  EXPECT_EQ(std::get<PictureBytes>(task.picture).owner, request.body);  // not copied
  EXPECT_EQ(task.question, "is it?");
  EXPECT_EQ(task.answers, (std::vector<std::string>{"yes", "no", "maybe"}));
  EXPECT_EQ(task.top, 2U);
  EXPECT_EQ(task.generation.num_beams, 3);
  EXPECT_TRUE(trial.streams());
  request.query = {{"question", "\xFF"}};
  EXPECT_EQ(code_of(native(request)), "bad_request");
  request.query = {{"question", "is it?"}, {"num_beams", "three"}};
  EXPECT_EQ(code_of(native(request)), "bad_request");
}

TEST(NativeDialect, TakesForms) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/blip/v1/match";
  request.headers = {{"Content-Type", "multipart/form-data; boundary=b"}};
  request.body = std::make_shared<const std::string>(
      "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\nbytes\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"texts\"\r\n\r\na cat\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"texts\"\r\n\r\na dog\r\n--b--\r\n");
  const Trial trial = native(request);
  EXPECT_EQ(bytes_of(trial.input<MatchTask>().picture), "bytes");
  EXPECT_EQ(trial.input<MatchTask>().texts, (std::vector<std::string>{"a cat", "a dog"}));
  request.body = std::make_shared<const std::string>("--b\r\nno form");
  EXPECT_EQ(code_of(native(request)), "bad_request");
}

TEST(NativeDialect, Asks) {
  const Trial trial = native(native_post("ask", R"(,"questions":["who?","what?"])"));
  ASSERT_EQ(trial.tasks().size(), 2U);
  const auto body = json_of(trial.respond({text_outcome({"a man"}), text_outcome({"a cat"})}));
  EXPECT_EQ(body["answers"][0]["question"], "who?");
  EXPECT_EQ(body["answers"][1]["question"], "what?");
  EXPECT_EQ(body["answers"][1]["answer"], "a cat");
  EXPECT_EQ(code_of(native(native_post("ask"))), "bad_request");
}

TEST(NativeDialect, Matches) {
  const Trial trial = native(native_post("match", R"(,"text":"a cat","texts":["a dog"])"));
  EXPECT_EQ(
      trial.respond({matches_outcome({{.itm = 0.5F, .itc = 0.25F}, {.itm = {}, .itc = 0.1F}})})
          .body,
      R"({"model":"blip","matches":[{"text":"a cat","itm":0.5,"itc":0.25},)"
      R"({"text":"a dog","itm":null,"itc":0.1}]})");
}

TEST(NativeDialect, Embeds) {
  const Trial trial = native(native_post("embed", R"(,"model":"clip-vit-base-patch32",
                                          "images":["aGk="],"texts":["a","b"])"));
  ASSERT_EQ(trial.tasks().size(), 3U);
  EXPECT_EQ(trial
                .respond({embedding_outcome({1, 0}), embedding_outcome({0.6F, 0.8F}),
                          embedding_outcome({0, 1, -1, 0}, 2)})
                .body,
            R"({"model":"clip-vit-base-patch32","size":2,"images":[[1,0],[0.6,0.8]],)"
            R"("texts":[[0,1],[-1,0]]})");
  EXPECT_EQ(code_of(native(post_json("/blip/v1/embed", "{}"))), "bad_request");
}

TEST(NativeDialect, RanksPicturesAndTexts) {
  const Trial pictures =
      native(post_json("/blip/v1/rank", R"({"text":"a cat","images":["aGk=","aGo="]})"));
  ASSERT_EQ(pictures.tasks().size(), 2U);
  const auto ranking =
      json_of(pictures.respond({matches_outcome({{.itm = 0.2F, .itc = 0.9F}}),
                                matches_outcome({{.itm = 0.8F, .itc = 0.1F}})}))["ranking"];
  EXPECT_EQ(ranking[0]["index"], 1);
  EXPECT_EQ(ranking[1]["index"], 0);
  const Trial texts = native(native_post("rank", R"(,"texts":["a","b"])"));
  ASSERT_EQ(texts.tasks().size(), 1U);
  EXPECT_EQ(
      texts.respond({matches_outcome({{.itm = {}, .itc = 0.1F}, {.itm = {}, .itc = 0.3F}})}).body,
      R"({"model":"blip","ranking":[{"index":1,"text":"b","itm":null,"itc":0.3,"score":0.3},)"
      R"({"index":0,"text":"a","itm":null,"itc":0.1,"score":0.1}]})");
}

TEST(NativeDialect, ClassifiesAndTags) {
  const Trial classes =
      native(native_post("classify", R"(,"labels":["cat","dog"],"templates":["a {}"],"top":0)"));
  EXPECT_EQ(classes.input<ClassifyTask>().labels.size(), 2U);
  EXPECT_EQ(classes.input<ClassifyTask>().templates.size(), 1U);
  EXPECT_EQ(classes.input<ClassifyTask>().top, 0U);
  EXPECT_EQ(classes.respond({labels_outcome({{"cat", 0.75F}})}).body,
            R"({"model":"vit","labels":[{"label":"cat","score":0.75}]})");
  const Trial tags = native(native_post("tag", R"(,"margin":0.01)"));
  EXPECT_FLOAT_EQ(tags.input<TagTask>().margin, 0.01F);
  EXPECT_EQ(tags.respond({labels_outcome({})}).body, R"({"model":"vit","tags":[]})");
}

TEST(NativeDialect, ModeratesByThePolicyOfTheServer) {
  EXPECT_EQ(code_of(native(native_post("moderate"))), "not_supported");
  ServerView server = trial_server();
  server.policy = std::make_shared<app::AskingPolicy>(app::AskingPolicy{app::parse_policy(
      R"({"version": 1, "models": {"texts": "clip", "questions": "vqa", "captions": "blip"},
          "rules": [
            {"category": "cats", "texts": ["a cat"], "against": ["a thing"], "review": 0.2},
            {"category": "cats", "question": "is it?", "block": 0.8},
            {"category": "ads", "words": ["sale"], "action": "review"},
            {"category": "men", "words": ["man"], "in": ["caption"], "action": "block"}]})",
      "policy")});
  const Trial trial = native(native_post("moderate", R"(,"text":"a Sale")"), server);
  ASSERT_EQ(trial.tasks().size(), 3U);
  EXPECT_EQ(trial.tasks()[0].model, "clip");
  EXPECT_EQ(trial.tasks()[1].client, "10.0.0.7");
  const auto& match = trial.input<MatchTask>(0);
  EXPECT_TRUE(match.cosines_only);
  EXPECT_EQ(match.texts, (std::vector<std::string>{"a cat", "a thing"}));
  const auto& answer = trial.input<AnswerTask>(1);
  EXPECT_EQ(answer.question, "is it?");
  EXPECT_EQ(answer.answers, (std::vector<std::string>{"yes", "no"}));
  EXPECT_EQ(answer.top, 2U);
  EXPECT_EQ(bytes_of(trial.input<CaptionTask>(2).picture), "a picture");
  const auto body = json_of(
      trial.respond({matches_outcome({itc_match(0.5F), itc_match(0.25F)}),
                     text_outcome({"no", "yes"}, -1.0F), text_outcome({"a cat on a mat"})}));
  EXPECT_EQ(body, nlohmann::json::parse(R"({"action": "review", "categories": ["cats", "ads"],
      "evidence": [
        {"category": "cats", "by": "texts", "found": "a cat", "score": 0.25, "action": "review"},
        {"category": "cats", "by": "question", "question": "is it?", "found": "no", "score": 0.5,
         "action": "allow"},
        {"category": "ads", "by": "words", "found": "sale", "score": 1.0, "action": "review"},
        {"category": "men", "by": "words", "found": "", "score": 0.0, "action": "allow"}],
      "caption": "a cat on a mat"})"));
}

TEST(NativeDialect, Explains) {
  ServerView server = trial_server();
  server.engine.models[0].tasks.push_back(TaskKind::explain);
  const Trial trial =
      native(native_post("explain", R"(,"text":"a cat","layer":7,"head":0)"), server);
  EXPECT_EQ(trial.input<ExplainTask>().options.layer, 7);
  ExplainResult explained{.text = "a cat",
                          .words = {"a", "cat"},
                          .maps = {.shape = {2, 1, 2}, .data = {0, 1, 2, 4}},
                          .overlay_png = "png"};
  EXPECT_EQ(trial.respond({TaskResult{.model = "blip", .value = explained}}).body,
            R"({"model":"blip","text":"a cat","words":[{"word":"a","map":[[0,0.25]]},)"
            R"({"word":"cat","map":[[0.5,1]]}],"rows":1,"columns":2,)"
            R"("overlay":"data:image/png;base64,cG5n"})");
  EXPECT_EQ(code_of(native(native_post("explain"))), "not_supported");
}

TEST(NativeDialect, WritesNullForWhatIsNoNumber) {
  const Trial trial = native(native_post("match", R"(,"text":"a cat")"));
  const auto body = json_of(trial.respond({matches_outcome({{.itm = {}, .itc = std::nanf("")}})}));
  EXPECT_TRUE(body["matches"][0]["itc"].is_null());
}

TEST(NativeDialect, RefusesByCode) {
  EXPECT_EQ(code_of(native(native_post("caption", R"(,"model":"nope")"))), "model_not_found");
  EXPECT_EQ(code_of(native(native_post("caption", R"(,"model":"vit")"))), "not_supported");
  for (const char* fields : {R"(,"num_beams":0)", R"(,"num_beams":100)", R"(,"temperature":0)",
                             R"(,"max_length":100000)", R"(,"stream":"yes")", R"(,"prompt":7)",
                             R"(,"ban_words":{})", R"(,"images":["aGk="])", R"(,"seed":1.5)"}) {
    EXPECT_EQ(code_of(native(native_post("caption", fields))), "bad_request") << fields;
  }
  EXPECT_EQ(code_of(native(post_json("/blip/v1/caption", "{}"))), "bad_request");
  HttpRequest pdf = native_post("caption");
  pdf.headers.set("Content-Type", "application/pdf");
  EXPECT_EQ(native(pdf).answered()->status, 415);
  const Trial trial = native(native_post("caption"));
  const HttpResponse full = trial.respond({failed(FailureKind::queue_full)});
  EXPECT_EQ(full.status, 429);
  EXPECT_TRUE(full.headers.find("Retry-After"));
  EXPECT_EQ(trial.respond({failed(FailureKind::timed_out)}).status, 504);
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image, "x")}).body,
            R"({"error":{"code":"bad_image","message":"x"}})");
}

TEST(NativeDialect, ListsModels) {
  const auto models = json_of(*native(get("/blip/v1/models")).answered())["models"];
  EXPECT_EQ(models[0], nlohmann::json::parse(
                           R"({"name":"blip","architecture":"BlipForConditionalGeneration",
                           "tasks":["caption","answer","match"],"aliases":[],"loaded":false,"size":0,
                           "parameters":0,"weight_type":"int8"})"));
}

// Every route is described, and nothing else.
TEST(NativeDialect, ServesItsDescription) {
  const auto document = json_of(*native(get("/openapi.json")).answered());
  EXPECT_EQ(document["openapi"], "3.1.0");
  const auto dialect = native_dialect();
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      const auto methods = dialect.methods(path);
      const std::string name = method == "get" ? "GET" : method == "put" ? "PUT" : "POST";
      EXPECT_NE(std::find(methods.begin(), methods.end(), name), methods.end()) << path;
      EXPECT_TRUE(operation["responses"].contains("200"));
    }
  }
  EXPECT_EQ(document["paths"].size(), 17U);
  EXPECT_FALSE(native(get("/blip/v1/caption")).is_taken());
}

}  // namespace
}  // namespace blip::serve
