// Which family answers, where several could.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

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
