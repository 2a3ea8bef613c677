// Requests of LibrePhotos to its sidecars.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_trial.hpp"

namespace blip::serve {
namespace {

Trial sidecar(const std::string& path, const std::string& body,
              const ServerView& server = trial_server()) {
  return Trial(librephotos_dialect(), post_json(path, body), server);
}

std::string path_of(const Picture& picture) {
  return std::get<PicturePath>(picture).path;
}

TEST(LibrephotosDialect, CaptionsForOldAndNewVersions) {
  const Trial old(librephotos_dialect(), captured("librephotos_caption_old"));
  EXPECT_EQ(path_of(old.input<CaptionTask>().picture), "/protected_media/thumbnails_big/x.webp");
  const HttpResponse response = old.respond({text_outcome({"a cat"})});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"caption":"a cat"})");

  const Trial now = sidecar("/generate-caption", R"({"image_path":"/p/x.jpg","prompt":null})");
  EXPECT_EQ(path_of(now.input<CaptionTask>().picture), "/p/x.jpg");
  const Trial question =
      sidecar("/generate-caption", R"({"image_path":"/p/x.jpg","prompt":"what is it?"})");
  EXPECT_EQ(question.input<AnswerTask>().question, "what is it?");
}

TEST(LibrephotosDialect, EmbedsPhotos) {
  const Trial trial = sidecar("/clip-embeddings",
                              R"({"imgs":["/p/a.jpg","/p/b.jpg","/p/c.jpg"],"model":"/m/clip"})");
  ASSERT_EQ(trial.tasks().size(), 3U);
  EXPECT_EQ(path_of(trial.input<EmbedImageTask>(1).picture), "/p/b.jpg");
  EXPECT_EQ(trial.tasks()[1].model, "clip-vit-base-patch32");
  // A slot for each path, also for one that cannot be read.
  EXPECT_EQ(trial
                .respond({embedding_outcome({0.6F, 0.8F}), failed(FailureKind::bad_image),
                          embedding_outcome({0, -1})})
                .body,
            R"({"imgs_emb":[[0.6,0.8],null,[0,-1]],"magnitudes":[1,null,1]})");
  EXPECT_EQ(trial
                .respond({embedding_outcome({0, 1}), failed(FailureKind::queue_full),
                          embedding_outcome({0, 1})})
                .status,
            503);
  EXPECT_EQ(sidecar("/clip-embeddings", R"({"imgs":[],"model":""})").answered()->body,
            R"({"imgs_emb":[],"magnitudes":[]})");
}

TEST(LibrephotosDialect, EmbedsQueries) {
  const Trial trial = sidecar("/query-embeddings", R"({"query":"a cat","model":"/m/clip"})");
  EXPECT_EQ(trial.input<EmbedTextsTask>().texts, std::vector<std::string>{"a cat"});
  EXPECT_EQ(trial.respond({embedding_outcome({0.6F, 0.8F})}).body,
            R"({"emb":[0.6,0.8],"magnitude":1})");
}

TEST(LibrephotosDialect, GivesTags) {
  // Of a classifier the confidence is the probability.
  ServerView server = trial_server();
  server.engine.models = {server.engine.models[1]};
  const std::string body = R"({"image_path":"/p/x.jpg","confidence":0.4)";
  const Trial trial = sidecar("/generate-tags", body + R"(,"tagging_model":"siglip2"})", server);
  EXPECT_EQ(path_of(trial.input<ClassifyTask>().picture), "/p/x.jpg");
  const std::vector<app::ScoredLabel> labels = {{"beach", 0.5F}, {"sea", 0.4F}, {"cat", 0.1F}};
  EXPECT_EQ(trial.respond({labels_outcome(labels)}).body, R"({"tags":{"tags":["beach","sea"]}})");
  const Trial places = sidecar("/generate-tags", body + "}", server);
  EXPECT_EQ(places.respond({labels_outcome(labels)}).body,
            R"({"tags":{"categories":["beach","sea"],"attributes":[],"environment":""}})");
  const Trial many = sidecar("/generate-tags", body + R"(,"tagging_model":"mobileclip_s2"})");
  EXPECT_EQ(many.tasks().size(), 1U);
  std::vector<app::ScoredLabel> tags;
  for (int i = 0; i < 12; ++i) tags.push_back({"t" + std::to_string(i), 0.9F});
  EXPECT_EQ(json_of(many.respond({labels_outcome(tags)}))["tags"]["tags"].size(), 10U);
}

TEST(LibrephotosDialect, TellsOfItsHealth) {
  ServerView server = trial_server();
  const auto health = [&] {
    return json_of(*Trial(librephotos_dialect(), get("/health"), server).answered());
  };
  EXPECT_EQ(health()["status"], "OK");
  EXPECT_TRUE(health()["service"].is_string());
  EXPECT_TRUE(health()["last_request_time"].is_null());
  EXPECT_EQ(health()["model_loaded"], false);
  EXPECT_EQ(health()["busy"], false);
  EXPECT_EQ(sidecar("/unload-model", "", server).answered()->status, 200);
  server.engine.models[0].loaded = true;
  server.engine.in_flight = 1;
  server.now = std::chrono::system_clock::time_point(std::chrono::seconds(1234));
  EXPECT_EQ(health()["model_loaded"], true);
  EXPECT_EQ(health()["busy"], true);
  EXPECT_EQ(health()["last_request_time"], 1234);
  const Trial busy(librephotos_dialect(), get("/unload-model"), server);
  EXPECT_EQ(busy.answered()->status, 409);
  EXPECT_EQ(busy.answered()->body, R"({"status":"busy"})");
}

TEST(LibrephotosDialect, RefusesAsTheSidecarsDo) {
  for (const std::string body :
       {"", "{", "[]", "{}", R"({"image_path":1})", R"({"image_path":""})"}) {
    for (const char* path : {"/generate-caption", "/generate-tags"}) {
      const Trial trial = sidecar(path, body);
      EXPECT_EQ(trial.answered()->status, 400) << body;
      EXPECT_EQ(trial.answered()->body, "") << body;
    }
  }
  for (const std::string body : {R"({"imgs":1})", R"({"imgs":[1]})", "{}"}) {
    EXPECT_EQ(sidecar("/clip-embeddings", body).answered()->status, 400) << body;
  }
  EXPECT_EQ(sidecar("/query-embeddings", "{}").answered()->status, 400);
  const Trial trial = sidecar("/generate-caption", R"({"image_path":"/p/x.jpg"})");
  const HttpResponse missing = trial.respond({failed(FailureKind::bad_request, "no such file")});
  EXPECT_EQ(missing.status, 500);
  EXPECT_EQ(missing.body, R"({"error":"no such file"})");
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image)}).status, 500);
  EXPECT_EQ(trial.respond({failed(FailureKind::queue_full)}).status, 503);
}

}  // namespace
}  // namespace blip::serve
