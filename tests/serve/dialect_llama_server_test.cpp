// What Frigate reads of llama-server, and its ranking.
#include <gtest/gtest.h>

#include <string>

#include "dialect_trial.hpp"

namespace blip::serve {
namespace {

Trial llama(const HttpRequest& request, const ServerView& server = trial_server()) {
  return Trial(llama_server_dialect(), request, server);
}

TEST(LlamaServerDialect, HasPropsThatFrigateReads) {
  HttpRequest request = get("/props");
  request.query = {{"model", "clip_vit_base_patch32"}};
  const auto body = json_of(*llama(request).answered());
  EXPECT_EQ(body["modalities"]["vision"], true);
  EXPECT_EQ(body["default_generation_settings"]["n_ctx"], 77);
  EXPECT_EQ(body["media_marker"], "<__media__>");
  EXPECT_EQ(body["total_slots"], 64);
  EXPECT_TRUE(body["model_path"].is_string());
  request.query = {{"model", "nope"}};
  EXPECT_EQ(llama(request).answered()->status, 404);
  EXPECT_EQ(json_of(*llama(request).answered())["error"]["type"], "not_found_error");
}

TEST(LlamaServerDialect, TellsOfItsSlots) {
  ServerView server = trial_server();
  server.engine.queue_limit = 2;
  server.engine.in_flight = 1;
  HttpRequest request = get("/slots");
  const auto body = json_of(*llama(request, server).answered());
  ASSERT_EQ(body.size(), 2U);
  EXPECT_EQ(body[0]["is_processing"], true);
  EXPECT_EQ(body[1]["is_processing"], false);
  server.engine.queued = 5;
  request.query = {{"fail_on_no_slot", "1"}};
  EXPECT_EQ(llama(request, server).answered()->status, 503);
}

TEST(LlamaServerDialect, EmbedsTextsAndPictures) {
  const Trial trial =
      llama(post_json("/embeddings",
                      R"({"model":"clip-vit-base-patch32","content":[{"prompt_string":"a cat"},
      {"prompt_string":"<__media__>\n","multimodal_data":["aGk="]}]})"));
  ASSERT_EQ(trial.tasks().size(), 2U);
  EXPECT_EQ(bytes_of(trial.input<EmbedImageTask>().picture), "hi");
  EXPECT_EQ(trial.respond({embedding_outcome({1, 0}), embedding_outcome({0, 1})}).body,
            R"([{"index":0,"embedding":[0,1]},{"index":1,"embedding":[1,0]}])");
  const Trial openai = llama(post_json("/embeddings", R"({"input":"a cat"})"));
  EXPECT_EQ(json_of(openai.respond({embedding_outcome({1, 0})}))["object"], "list");
}

TEST(LlamaServerDialect, Reranks) {
  const Trial trial = llama(post_json(
      "/v1/rerank",
      R"({"model":"clip-vit-base-patch32","query":"a cat","documents":["a dog","the cat"],"top_n":1})"));
  EXPECT_EQ(trial.input<EmbedTextsTask>().texts.size(), 3U);
  const auto body = json_of(trial.respond({embedding_outcome({1, 0, 0, 1, 1, 0}, 3)}));
  ASSERT_EQ(body["results"].size(), 1U);
  EXPECT_EQ(body["results"][0]["index"], 1);
  EXPECT_EQ(body["results"][0]["relevance_score"], 1.0);
  const Trial picture =
      llama(post_json("/v1/rerank", R"({"query":{"image":"aGk="},"documents":["a","b"]})"));
  EXPECT_EQ(json_of(picture.respond({matches_outcome(
                {{.itm = 0.1F, .itc = 0.9F}, {.itm = 0.7F, .itc = 0.2F}})}))["results"][0]["index"],
            1);
}

TEST(LlamaServerDialect, RefusesInItsShape) {
  for (const char* body : {"", "{}", R"({"query":"a"})", R"({"query":7,"documents":["a"]})",
                           R"({"query":{},"documents":["a"]})"}) {
    const Trial trial = llama(post_json("/v1/rerank", body));
    ASSERT_NE(trial.answered(), nullptr) << body;
    EXPECT_EQ(trial.answered()->status, 400) << body;
    EXPECT_EQ(json_of(*trial.answered())["error"]["code"], 400) << body;
  }
  const Trial trial = llama(post_json("/embeddings", R"({"content":"a cat"})"));
  const HttpResponse loading = trial.respond({failed(FailureKind::loading)});
  EXPECT_EQ(loading.status, 503);
  EXPECT_EQ(loading.body,
            R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})");
}

}  // namespace
}  // namespace blip::serve
