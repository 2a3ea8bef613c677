// Immich's requests as node's fetch sends them, and the answers it reads.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/immich_models.hpp"

namespace blip::serve {
namespace {

HttpRequest form(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string body;
  for (const auto& [name, content] : parts) {
    body +=
        "--X\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n";
  }
  HttpRequest request = post_json("/predict", body + "--X--\r\n");
  request.headers = {{"Content-Type", "multipart/form-data; boundary=X"}};
  return request;
}

TEST(ImmichDialect, AnswersPings) {
  const Trial ping(immich_dialect(), get("/ping"));
  ASSERT_NE(ping.answered(), nullptr);
  EXPECT_EQ(ping.answered()->status, 200);
  EXPECT_EQ(ping.answered()->body, "pong");
  EXPECT_EQ(Trial(immich_dialect(), get("/")).answered()->body, R"({"message":"Immich ML"})");
}

TEST(ImmichDialect, EmbedsAPhoto) {
  const Trial trial(immich_dialect(), captured("immich_visual"));
  ASSERT_EQ(trial.tasks().size(), 1U);
  EXPECT_EQ(trial.tasks()[0].model, "clip-vit-base-patch32");
  EXPECT_TRUE(is_captured_png(trial.input<EmbedImageTask>().picture));
  const HttpResponse response =
      trial.respond({embedding_outcome({0.01F, -0.2F, 1e-5F}, 1, 1440, 1080)});
  EXPECT_EQ(response.status, 200);
  // A list in a string, in float32's shortest form, and the sizes of the photo.
  EXPECT_EQ(response.body, R"({"clip":"[0.01,-0.2,1e-05]","imageHeight":1080,"imageWidth":1440})");
}

TEST(ImmichDialect, EmbedsAText) {
  const Trial trial(immich_dialect(), captured("immich_textual"));
  ASSERT_EQ(trial.tasks().size(), 1U);
  EXPECT_EQ(trial.tasks()[0].model, "clip-vit-base-patch32");
  EXPECT_EQ(trial.input<EmbedTextsTask>().texts, std::vector<std::string>{"a cat"});
  EXPECT_EQ(trial.respond({embedding_outcome({0.5F, 0.25F})}).body, R"({"clip":"[0.5,0.25]"})");
}

TEST(ImmichDialect, CleansTextsAsImmichDoes) {
  const std::string entries =
      R"({"clip":{"textual":{"modelName":"%","options":{"language":"de"}}}})";
  const auto text_for = [&](const std::string& model, const std::string& text) {
    ServerView server = trial_server();
    server.engine.models.push_back(
        trial_model("siglip2-base-patch16-224", "Siglip2Model", {TaskKind::embed}, 2, 64));
    std::string named = entries;
    named.replace(named.find('%'), 1, model);
    const Trial trial(immich_dialect(), form({{"entries", named}, {"text", text}}), server);
    return trial.input<EmbedTextsTask>().texts.at(0);
  };
  EXPECT_EQ(text_for("ViT-B-32__openai", "  A\tcat,\n on\xC2\xA0 Z\xC3\xBCrich's lake! "),
            "A cat, on Z\xC3\xBCrich's lake!");
  EXPECT_EQ(text_for("ViT-B-16-SigLIP2__webli",
                     " A\tcat,\n on \xC3\x9C"
                     "ber's lake! "),
            "a cat on \xC3\xBC"
            "bers lake");
}

TEST(ImmichDialect, AnswersSizesAloneIfNothingIsAsked) {
  const Trial trial(immich_dialect(), captured("curl_form"));
  EXPECT_EQ(trial.respond({embedding_outcome({1.0F}, 1, 2, 3)}).body,
            R"({"imageHeight":3,"imageWidth":2})");
  EXPECT_EQ(Trial(immich_dialect(), form({{"entries", "{}"}, {"text", "x"}})).answered()->body,
            "{}");
}

TEST(ImmichDialect, DoesSeveralTasksInOneCall) {
  const Trial both(immich_dialect(),
                   form({{"entries", R"({"clip":{"visual":{"modelName":"ViT-B-32__openai"}},)"
                                     R"("ocr":{"detection":{"modelName":"x"}}})"},
                         {"image", "x"}}));
  ASSERT_NE(both.answered(), nullptr);
  EXPECT_EQ(both.answered()->status, 400);
  EXPECT_NE(both.answered()->body.find("ocr/detection"), std::string::npos);
}

TEST(ImmichDialect, RefusesAsImmichDoes) {
  const std::string visual = R"({"clip":{"visual":{"modelName":"ViT-B-32__openai"}}})";
  const auto answer = [](const HttpRequest& request) {
    const Trial trial(immich_dialect(), request);
    return std::pair(trial.answered()->status, json_of(*trial.answered())["detail"]);
  };
  for (const std::string entries :
       {"", "{", "[]", R"({"clip":[]})", R"({"clip":{"visual":{}}})", R"({"clip":{"visual":1}})",
        R"({"clip":{"visual":{"modelName":1}}})",
        R"({"clip":{"visual":{"modelName":"ViT-B-32__openai","options":"x"}}})"}) {
    EXPECT_EQ(answer(form({{"entries", entries}, {"image", "x"}})),
              std::pair(422, nlohmann::json("Invalid request format.")))
        << entries;
  }
  EXPECT_EQ(answer(form({{"image", "x"}})).first, 422);
  EXPECT_EQ(answer(form({{"entries", visual}})),
            std::pair(400, nlohmann::json("Either image or text must be provided")));
  EXPECT_EQ(answer(form({{"entries", visual}, {"text", "a cat"}})).first, 400);
  EXPECT_EQ(answer(form({{"entries", visual}, {"image", ""}})).first, 422);
  HttpRequest raw = form({});
  raw.headers = {{"Content-Type", "application/octet-stream"}};
  EXPECT_EQ(answer(raw).first, 422);
  EXPECT_EQ(answer(form({{"entries", R"({"clip":{"visual":{"modelName":"RN50__openai"}}})"},
                         {"image", "x"}})),
            std::pair(404, nlohmann::json("model \"RN50__openai\" not found")));
  EXPECT_EQ(immich_dialect().error(413, "too large").body, R"({"detail":"too large"})");
}

TEST(ImmichDialect, TellsOfTasksThatFailed) {
  const Trial trial(immich_dialect(), captured("immich_visual"));
  EXPECT_EQ(trial.respond({failed(FailureKind::internal)}).status, 500);
  EXPECT_EQ(trial.respond({failed(FailureKind::queue_full)}).status, 503);
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image, "not an image")}).body,
            R"({"detail":"not an image"})");
}

TEST(ImmichDialect, LeavesJsonToTei) {
  EXPECT_FALSE(Trial(immich_dialect(), post_json("/predict", "{}")).is_taken());
  EXPECT_FALSE(Trial(immich_dialect(), get("/predict")).is_taken());
  EXPECT_FALSE(Trial(immich_dialect(), get("/ping/x")).is_taken());
}

TEST(ImmichModels, AreKnownByManyNames) {
  ServerView server;
  const auto found = [&](const std::string& own, const std::string& wanted) {
    server.engine.models = {trial_model(own, "CLIPModel", {TaskKind::embed}, 2, 77)};
    return find_immich_model(server, wanted) != nullptr;
  };
  const std::vector<std::pair<std::string, std::string>> equal = {
      {"ViT-B-32__openai", "ViT-B-32__openai"},
      {"immich-app/ViT-B-32__openai", "ViT-B-32__openai"},
      {"clip-vit-base-patch32", "ViT-B-32__openai"},
      {"openai/clip-vit-base-patch16", "ViT-B-16__openai"},
      {"clip-vit-large-patch14", "ViT-L-14__openai"},
      {"clip-vit-large-patch14-336", "ViT-L-14-336__openai"},
      {"laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "ViT-B-32__laion2b-s34b-b79k"},
      {"CLIP-ViT-L-14-laion2B-s32B-b82K", "ViT-L-14__laion2b-s32b-b82k"},
      {"siglip-base-patch16-224", "ViT-B-16-SigLIP__webli"},
      {"google/siglip-so400m-patch14-384", "ViT-SO400M-14-SigLIP-384__webli"},
      {"siglip2-large-patch16-256", "ViT-L-16-SigLIP2-256__webli"},
      {"siglip2-giant-opt-patch16-384", "ViT-gopt-16-SigLIP2-384__webli"},
      {"timm/ViT-B-16-SigLIP", "ViT-B-16-SigLIP__webli"},
  };
  for (const auto& [own, wanted] : equal) EXPECT_TRUE(found(own, wanted)) << wanted;
  const std::vector<std::pair<std::string, std::string>> different = {
      {"clip-vit-base-patch32", "ViT-B-16__openai"},
      {"clip-vit-base-patch32", "ViT-B-32__laion2b-s34b-b79k"},
      {"clip-vit-large-patch14", "ViT-L-14-336__openai"},
      {"siglip-base-patch16-224", "ViT-B-16-SigLIP2__webli"},
      {"blip", ""},
  };
  for (const auto& [own, wanted] : different) EXPECT_FALSE(found(own, wanted)) << wanted;
  // A model that reads no texts would give vectors that no search finds.
  server.engine.models = {
      trial_model("clip-vit-base-patch32", "CLIPModel", {TaskKind::embed}, 2, 0)};
  EXPECT_EQ(find_immich_model(server, "ViT-B-32__openai"), nullptr);
}

}  // namespace
}  // namespace blip::serve
