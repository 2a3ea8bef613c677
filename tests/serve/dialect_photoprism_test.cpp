// PhotoPrism's requests as its Go client builds them, and the answers its structs parse.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

std::string vision_body(const std::string& fields = "") {
  return R"({"id":"prtj4","model":"blip","version":"latest","suffix":"","stream":false,"images":[)"
         R"("data:image/jpeg;base64,)" +
         encode_base64("a picture") + R"("])" + fields + '}';
}

Trial vision(const HttpRequest& request, const ServerView& server = trial_server()) {
  return Trial(photoprism_dialect(), request, server);
}

int refused_with(const HttpRequest& request) {
  const Trial trial = vision(request);
  EXPECT_NE(trial.answered(), nullptr);
  if (trial.answered() == nullptr) return 0;
  EXPECT_TRUE(json_of(*trial.answered())["error"].is_string());
  return trial.answered()->status;
}

TEST(PhotoprismDialect, CaptionsAreObjects) {
  for (const char* path : {"/api/v1/vision/caption", "/api/v1/vision/caption/blip",
                           "/api/v1/vision/caption/blip/latest"}) {
    const Trial trial = vision(
        post_json(path, vision_body(R"(,"prompt":"Create a caption with exactly one sentence",
                          "options":{"temperature":0},"format":"","system":null)")));
    EXPECT_EQ(bytes_of(trial.input<CaptionTask>().picture), "a picture");
    EXPECT_EQ(trial.input<CaptionTask>().prompt, "");
    EXPECT_EQ(trial.input<CaptionTask>().generation.do_sample, false);
    EXPECT_EQ(trial.respond({text_outcome({"a cat on a sofa"})}).body,
              R"({"id":"prtj4","model":{"name":"blip","version":"latest"},)"
              R"("result":{"caption":{"text":"a cat on a sofa"}}})");
  }
}

TEST(PhotoprismDialect, DescribesWithAString) {
  const Trial trial =
      vision(post_json("/api/v1/vision/describe", R"({"url":"https://photos/x.jpg","id":"1"})"));
  EXPECT_EQ(std::get<PictureUrl>(trial.input<CaptionTask>().picture).url, "https://photos/x.jpg");
  const auto body = json_of(trial.respond({text_outcome({"a cat"})}));
  EXPECT_EQ(body["result"]["caption"], "a cat");
}

TEST(PhotoprismDialect, ReadsQueriesAndMakesIds) {
  HttpRequest request = get("/api/v1/vision/caption/blip");
  request.query = {{"url", "https://photos/x.jpg"}, {"model", "other"}};
  request.request_id = "r1";
  const auto body = json_of(vision(request).respond({text_outcome({"a cat"})}));
  EXPECT_EQ(body["id"].get<std::string>().size(), 36U);
  EXPECT_EQ(body["model"]["name"], "blip");
}

TEST(PhotoprismDialect, LabelsAllCropsTogether) {
  const Trial trial =
      vision(post_json("/api/v1/vision/labels",
                       R"({"model":"clip-vit-base-patch32","images":["aGk=","aGo=","aGs="]})"));
  ASSERT_EQ(trial.tasks().size(), 3U);
  const auto body = json_of(trial.respond({labels_outcome({{"cat", 0.05F}}), labels_outcome({}),
                                           labels_outcome({{"cat", 0.01F}, {"sofa", 0.02F}})}));
  const auto labels = body["result"]["labels"];
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0]["name"], "cat");
  EXPECT_GT(labels[0]["confidence"], labels[1]["confidence"]);
  EXPECT_TRUE(labels[1]["topicality"].is_number());
}

// Zeros would read as "safe".
TEST(PhotoprismDialect, RefusesToJudgeNsfw) {
  EXPECT_EQ(refused_with(post_json("/api/v1/vision/nsfw", vision_body())), 400);
}

TEST(PhotoprismDialect, RefusesInItsShape) {
  EXPECT_EQ(refused_with(post_json("/api/v1/vision/caption", R"({"model":"blip"})")), 400);
  EXPECT_EQ(refused_with(post_json("/api/v1/vision/caption/nope", vision_body())), 400);
  EXPECT_EQ(refused_with(post_json("/api/v1/vision/caption", "nonsense")), 400);
  const Trial trial = vision(post_json("/api/v1/vision/caption", vision_body()));
  const HttpResponse full = trial.respond({failed(FailureKind::queue_full)});
  EXPECT_EQ(full.status, 429);  // the only one it tries again
  EXPECT_EQ(full.headers.find("Retry-After"), "1");
  EXPECT_GE(trial.respond({failed(FailureKind::bad_image)}).status, 400);
  EXPECT_FALSE(vision(post_json("/api/v1/vision/face", vision_body())).is_taken());
}

}  // namespace
}  // namespace blip::serve
