// Requests of Text Embeddings Inference's clients, with images where texts are.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

std::string image_json(const std::string& bytes) {
  return R"({"image":")" + encode_base64(bytes) + R"("})";
}

Trial tei(const std::string& path, const std::string& body) {
  return Trial(tei_dialect(), post_json(path, body));
}

std::pair<int, std::string> tei_refusal(const Trial& trial) {
  EXPECT_NE(trial.answered(), nullptr);
  if (trial.answered() == nullptr) return {};
  const auto json = json_of(*trial.answered());
  EXPECT_TRUE(json["error"].is_string());
  return {trial.answered()->status, json["error_type"]};
}

TEST(TeiDialect, EmbedsTextsAndImages) {
  const Trial one = tei("/embed", R"({"inputs":"a cat","normalize":true,"truncate":false,)"
                                  R"("prompt_name":null,"dimensions":null})");
  EXPECT_EQ(one.input<EmbedTextsTask>().texts, std::vector<std::string>{"a cat"});
  EXPECT_EQ(one.tasks()[0].model, "clip-vit-base-patch32");
  EXPECT_EQ(one.tasks()[0].client, "10.0.0.7");
  EXPECT_EQ(one.respond({embedding_outcome({0.6F, 0.8F})}).body, "[[0.6,0.8]]");

  const Trial mixed =
      tei("/embed", R"({"inputs":["a",)" + image_json("x") + R"(,"b"],"dimensions":1})");
  ASSERT_EQ(mixed.tasks().size(), 2U);
  EXPECT_EQ(bytes_of(mixed.input<EmbedImageTask>(0).picture), "x");
  EXPECT_EQ(mixed.input<EmbedTextsTask>(1).texts, (std::vector<std::string>{"a", "b"}));
  // The order is that of the inputs; the first number alone is of unit length.
  EXPECT_EQ(
      mixed.respond({embedding_outcome({-0.6F, 0.8F}), embedding_outcome({0.5F, 0, 0, 1}, 2)}).body,
      "[[1],[-1],[0]]");
}

TEST(TeiDialect, ComparesSentences) {
  const Trial trial = tei("/similarity", R"({"inputs":{"source_sentence":)" + image_json("x") +
                                             R"(,"sentences":["a","b"]},"parameters":null})");
  ASSERT_EQ(trial.tasks().size(), 2U);
  EXPECT_EQ(
      trial.respond({embedding_outcome({1, 0}), embedding_outcome({0.5F, 0.5F, 0, 1}, 2)}).body,
      "[0.5,0]");
}

TEST(TeiDialect, RanksTextsAgainstAnImageByTheMatchingHead) {
  const Trial trial = tei("/rerank", R"({"query":)" + image_json("x") +
                                         R"(,"texts":["a","b","c"],"return_text":true})");
  EXPECT_EQ(trial.tasks()[0].model, "");  // the first that matches
  EXPECT_EQ(bytes_of(trial.input<MatchTask>().picture), "x");
  EXPECT_EQ(trial.input<MatchTask>().texts, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(
      trial.respond({matches_outcome({itm_match(0.25F), itm_match(0.75F), itm_match(0.25F)})}).body,
      R"([{"index":1,"score":0.75,"text":"b"},{"index":0,"score":0.25,"text":"a"},)"
      R"({"index":2,"score":0.25,"text":"c"}])");

  const Trial raw =
      tei("/rerank", R"({"query":)" + image_json("x") + R"(,"texts":["a"],"raw_scores":true})");
  EXPECT_EQ(raw.respond({matches_outcome({itm_match(0.5F)})}).body, R"([{"index":0,"score":0}])");
  // A model without such a head has cosines.
  EXPECT_EQ(raw.respond({matches_outcome({itc_match(-0.25F)})}).body,
            R"([{"index":0,"score":-0.25}])");
}

TEST(TeiDialect, RanksImagesAndTextsAgainstAText) {
  const Trial images = tei("/rerank", R"({"query":"a cat","texts":[)" + image_json("x") + "," +
                                          image_json("y") + R"(],"return_text":true})");
  ASSERT_EQ(images.tasks().size(), 2U);
  EXPECT_EQ(bytes_of(images.input<MatchTask>(1).picture), "y");
  EXPECT_EQ(images.input<MatchTask>(1).texts, std::vector<std::string>{"a cat"});
  EXPECT_EQ(
      images.respond({matches_outcome({itm_match(0.25F)}), matches_outcome({itm_match(0.5F)})})
          .body,
      R"([{"index":1,"score":0.5},{"index":0,"score":0.25}])");

  const Trial texts = tei("/rerank", R"({"query":"a cat","texts":["a","b"]})");
  EXPECT_EQ(texts.input<EmbedTextsTask>().texts, (std::vector<std::string>{"a cat", "a", "b"}));
  EXPECT_EQ(texts.respond({embedding_outcome({1, 0, 0, 1, 1, 0}, 3)}).body,
            R"([{"index":1,"score":1},{"index":0,"score":0}])");
}

TEST(TeiDialect, ClassifiesImages) {
  const Trial one = tei("/predict", R"({"inputs":)" + image_json("x") + "}");
  EXPECT_EQ(bytes_of(one.input<ClassifyTask>().picture), "x");
  EXPECT_EQ(one.respond({labels_outcome({{"cat", 0.75F}, {"dog", 0.25F}})}).body,
            R"([{"score":0.75,"label":"cat"},{"score":0.25,"label":"dog"}])");
  const Trial list = tei("/predict", R"({"inputs":[)" + image_json("x") + "]}");
  EXPECT_EQ(list.respond({labels_outcome({{"cat", 1}})}).body, R"([[{"score":1,"label":"cat"}]])");
  EXPECT_EQ(tei_refusal(tei("/predict", R"({"inputs":"a cat"})")),
            std::pair(424, std::string("Backend")));
}

TEST(TeiDialect, TellsOfItself) {
  const auto info = json_of(*Trial(tei_dialect(), get("/info")).answered());
  EXPECT_EQ(info["model_id"], "clip-vit-base-patch32");
  EXPECT_EQ(info["model_sha"], std::string(64, 'a'));
  EXPECT_EQ(info["model_dtype"], "int8");
  EXPECT_TRUE(info["model_type"].contains("embedding"));
  EXPECT_EQ(info["max_concurrent_requests"], 512);
  EXPECT_EQ(info["max_input_length"], 77);
  EXPECT_EQ(info["max_client_batch_size"], 32);
  EXPECT_EQ(info["version"], "1.2.3");
}

TEST(TeiDialect, RefusesAsTeiDoes) {
  const std::pair empty(400, std::string("Empty"));
  const std::pair validation(422, std::string("Validation"));
  EXPECT_EQ(tei_refusal(tei("/embed", R"({"inputs":""})")), empty);
  EXPECT_EQ(tei_refusal(tei("/embed", R"({"inputs":[]})")), empty);
  EXPECT_EQ(tei_refusal(tei("/rerank", R"({"query":"a","texts":[]})")), empty);
  std::string batch = R"("a")";
  for (int i = 1; i < 32; ++i) batch += R"(,"a")";
  EXPECT_EQ(tei("/embed", R"({"inputs":[)" + batch + "]}").tasks().size(), 1U);
  EXPECT_EQ(tei_refusal(tei("/embed", R"({"inputs":[)" + batch + R"(,"a"]})")), validation);
  for (const std::string body :
       {"", "{", "{}", R"({"inputs":1})", R"({"inputs":[[1,2]]})", R"({"inputs":[1,2]})",
        R"({"inputs":{}})", R"({"inputs":{"image":"no base64!"}})",
        R"({"inputs":"a","dimensions":0})"}) {
    EXPECT_EQ(tei_refusal(tei("/embed", body)), validation) << body;
  }
  const std::string image = image_json("x");
  for (const std::string& body : std::vector<std::string>{
           R"({"texts":["a"]})", R"({"query":"a"})", R"({"query":"a","texts":"b"})",
           R"({"query":)" + image + R"(,"texts":[)" + image + "]}",
           R"({"query":"a","texts":["b",)" + image + "]}"}) {
    EXPECT_EQ(tei_refusal(tei("/rerank", body)), validation) << body;
  }
  EXPECT_EQ(tei_refusal(tei("/similarity", R"({"inputs":{"sentences":["a"]}})")), validation);
  EXPECT_FALSE(Trial(tei_dialect(), captured("immich_visual")).is_taken());
  EXPECT_FALSE(tei("/elsewhere", "{}").is_taken());

  const Trial trial = tei("/embed", R"({"inputs":"a"})");
  const HttpResponse full = trial.respond({failed(FailureKind::queue_full, "full")});
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.body, R"({"error":"full","error_type":"Overloaded"})");
  EXPECT_EQ(trial.respond({failed(FailureKind::internal)}).status, 424);
  EXPECT_EQ(trial.respond({failed(FailureKind::loading)}).status, 503);
}

}  // namespace
}  // namespace blip::serve
