// Which family answers, where several could.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dialect_trial.hpp"

namespace blip::serve {
namespace {

std::string taken_by(const HttpRequest& request) {
  for (const auto& dialect : all_dialects()) {
    if (dialect.plan(request, trial_server())) return std::string(dialect.name);
  }
  return "nobody";
}

TEST(AllDialects, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const auto& dialect : all_dialects()) {
    names.insert(dialect.name);
    EXPECT_TRUE(dialect.plan && dialect.error && dialect.methods) << dialect.name;
    for (const auto prefix : dialect.prefixes) EXPECT_TRUE(prefix.starts_with('/')) << prefix;
  }
  EXPECT_EQ(names.size(), 11U);
  EXPECT_EQ(all_dialects().size(), 11U);
}

TEST(AllDialects, ShareSomePaths) {
  EXPECT_EQ(taken_by(captured("immich_visual")), "immich");
  EXPECT_EQ(taken_by(post_json("/predict", R"({"inputs":{"image":"aGVsbG8="}})")), "tei");
  EXPECT_EQ(taken_by(captured("hf_caption")), "hugging-face");
  EXPECT_EQ(taken_by(get("/ping")), "immich");
  EXPECT_EQ(taken_by(captured("kserve_binary")), "kserve");
  EXPECT_EQ(taken_by(captured("webui_interrogate")), "automatic1111");
  EXPECT_EQ(taken_by(captured("librephotos_caption_old")), "librephotos");
  EXPECT_EQ(taken_by(post_json("/embed", R"({"inputs":"a"})")), "tei");
  EXPECT_EQ(taken_by(post_json("/api/embed", R"({"input":"a"})")), "ollama");
  EXPECT_EQ(taken_by(post_json("/v1/embeddings", R"({"input":"a"})")), "openai");
  EXPECT_EQ(taken_by(post_json("/api/v1/generate", R"({"images":["aGVsbG8="]})")), "automatic1111");
  EXPECT_EQ(taken_by(post_json("/api/v1/vision/caption", R"({"images":["aGVsbG8="]})")),
            "photoprism");
  EXPECT_EQ(taken_by(get("/elsewhere")), "nobody");
}

// A picture is refused before it is read, here before it is seen that it is none. What has no
// picture is read, as it may need no model.
TEST(AllDialects, RefusePicturesUnreadWhereTheQueueIsFull) {
  ServerView full = trial_server();
  full.engine.queued = full.engine.queue_limit;
  const std::string no_json(20'000, '{');
  const auto status_of = [&](const std::string& path, const std::string& body,
                             const ServerView& server) {
    const HttpRequest request = post_json(path, body);
    for (const auto& dialect : all_dialects()) {
      const Trial trial(dialect, request, server);
      if (trial.answered() != nullptr) return trial.answered()->status;
      if (trial.is_taken()) return 0;
    }
    return 404;
  };
  const std::vector<std::pair<std::string, int>> paths = {
      {"/blip/v1/caption", 429},      {"/api/generate", 503},
      {"/v1/chat/completions", 429},  {"/api/v1/vision/caption", 429},
      {"/v2/models/blip/infer", 503}, {"/embed", 429},
      {"/sdapi/v1/interrogate", 503}, {"/models/blip", 503}};
  for (const auto& [path, status] : paths) {
    EXPECT_EQ(status_of(path, no_json, full), status) << path;
    const int malformed = path == "/embed" ? 422 : 400;
    EXPECT_EQ(status_of(path, no_json, trial_server()), malformed) << path;
    EXPECT_EQ(status_of(path, "{", full), malformed) << path;
  }
  const auto refused = Trial(native_dialect(), post_json("/blip/v1/caption", no_json), full);
  EXPECT_EQ(refused.answered()->headers.find("Retry-After"), "1");
}

// Immich loses what is refused, so its pictures wait (Task::is_patient).
TEST(AllDialects, ReadThePicturesOfImmichWhereTheQueueIsFull) {
  ServerView full = trial_server();
  full.engine.queued = full.engine.queue_limit;
  HttpRequest request = captured("immich_visual");
  std::string body = *request.body;
  const std::size_t picture = body.find("\r\n\r\n", body.find("name=\"image\"")) + 4;
  request.body = std::make_shared<const std::string>(body.insert(picture, 20'000, 'x'));
  EXPECT_EQ(Trial(immich_dialect(), request, full).tasks().size(), 1U);
}

// Whatever a family takes, it knows the method of: else a 405 would lie.
TEST(AllDialects, KnowTheMethodsOfWhatTheyTake) {
  for (const char* name : {"immich_visual", "hf_caption", "kserve_binary", "webui_interrogate",
                           "librephotos_caption_old"}) {
    const HttpRequest request = captured(name);
    for (const auto& dialect : all_dialects()) {
      if (!dialect.plan(request, trial_server())) continue;
      const auto methods = dialect.methods(request.path);
      EXPECT_NE(std::find(methods.begin(), methods.end(), request.method), methods.end())
          << dialect.name << ' ' << request.path;
    }
  }
}

}  // namespace
}  // namespace blip::serve
