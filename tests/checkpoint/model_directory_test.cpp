#include "checkpoint/model_directory.hpp"

#include <gmock/gmock.h>

#include <string>

#include "tests/core/expect_error.hpp"
#include "tests/core/scoped_variable.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

TEST(ModelDirectory, ADirectoryIsItself) {
  const TemporaryDirectory directory;
  EXPECT_EQ(resolve_model(directory.path().string()), directory.path());
}

TEST(ModelDirectory, ACheckpointIsItself) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.safetensors", "a.bin", "a.pth", "a.pt"}) {
    const auto file = directory.write(name, "x");
    EXPECT_EQ(resolve_model(file.string()), file);
  }
}

TEST(ModelDirectory, TheDefaultModelsComeWithTheSource) {
  const ScopedVariable variable("BLIP_MODEL_PATH", "");
  for (const std::string_view model :
       {kCaptioningModel, kRetrievalModel, kQuestionModel, kClassificationModel, kDrawingModel}) {
    EXPECT_EQ(resolve_model(model), std::filesystem::path(BLIP_SOURCE_DIR) / "models" / model);
    EXPECT_THAT(bundled_models(), ::testing::Contains(model));
  }
}

TEST(ModelDirectory, TheEnvironmentGoesFirst) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  std::filesystem::create_directory(second.path() / "nano");
  std::filesystem::create_directory(second.path() / "mine");
  std::filesystem::create_directory(second.path() / "not-a-model");
  const auto model = second.path() / "mine" / "config.json";
  std::filesystem::copy_file(std::filesystem::path(BLIP_TEST_DATA) / "v5/config.json", model);
  const ScopedVariable variable("BLIP_MODEL_PATH",
                                ":" + first.path().string() + "::" + second.path().string() + ":");
  EXPECT_EQ(resolve_model("nano"), second.path() / "nano");
  EXPECT_EQ(resolve_model("mine"), second.path() / "mine");
  EXPECT_THAT(bundled_models(), ::testing::IsSupersetOf({"mine", "nano-captioning"}));
  EXPECT_THAT(bundled_models(), ::testing::Not(::testing::Contains("not-a-model")));
}

TEST(ModelDirectory, SaysWhereItLooked) {
  const ScopedVariable variable("BLIP_MODEL_PATH", "/somewhere");
  expect_error(ErrorCode::not_found, "\"absent\": no such model directory, and no bundled model",
               [] { resolve_model("absent"); });
  expect_error(ErrorCode::not_found, "in /somewhere, ", [] { resolve_model("absent"); });
  expect_error(ErrorCode::not_found, "share/blip/models, " BLIP_SOURCE_DIR "/models",
               [] { resolve_model("absent"); });
}

TEST(ModelDirectory, ANameWithOneSlashMayBeOnTheHub) {
  const TemporaryDirectory cache;
  const ScopedVariable place("HF_HUB_CACHE", cache.path().string());
  const ScopedVariable offline("HF_HUB_OFFLINE", "1");
  expect_error(
      ErrorCode::not_found,
      "org/tiny@v2: no such model directory; from the hub: org/tiny@v2: not in the cache " +
          cache.path().string() + ", and offline mode",
      [] { resolve_model("org/tiny@v2"); });

  const std::string commit(40, 'a');
  const auto repository = cache.path() / "models--org--tiny";
  const auto snapshot = repository / "snapshots" / commit;
  std::filesystem::create_directories(snapshot);
  std::filesystem::create_directories(repository / "refs");
  cache.write("models--org--tiny/refs/v2", commit);
  cache.write("models--org--tiny/snapshots/" + commit + "/config.json", "{}");
  cache.write("models--org--tiny/snapshots/" + commit + "/model.safetensors", "x");
  EXPECT_EQ(resolve_model("org/tiny@v2"), snapshot);
}

TEST(ModelDirectory, TheCallersHubOptionsGoBeforeTheEnvironment) {
  const TemporaryDirectory cache;
  const TemporaryDirectory other;
  const ScopedVariable place("HF_HUB_CACHE", other.path().string());
  const ScopedVariable online("HF_HUB_OFFLINE", "0");
  const HubOptions hub{.cache_directory = cache.path(), .offline = true, .revision = "v2"};
  expect_error(ErrorCode::not_found,
               "not in the cache " + cache.path().string() + ", and offline mode",
               [&] { resolve_model("org/tiny", {}, hub); });
  const std::string commit(40, 'b');
  const auto repository = cache.path() / "models--org--tiny";
  const auto snapshot = repository / "snapshots" / commit;
  std::filesystem::create_directories(snapshot);
  std::filesystem::create_directories(repository / "refs");
  cache.write("models--org--tiny/refs/v2", commit);
  cache.write("models--org--tiny/snapshots/" + commit + "/config.json", "{}");
  cache.write("models--org--tiny/snapshots/" + commit + "/model.safetensors", "x");
  EXPECT_EQ(resolve_model("org/tiny", {}, hub), snapshot);
}

TEST(ModelDirectory, BundledNamesArePlain) {
  const ScopedVariable variable("BLIP_MODEL_PATH", BLIP_SOURCE_DIR "/models");
  expect_error(ErrorCode::not_found, "../models/absent: no such model directory",
               [] { resolve_model("../models/absent"); });
  expect_error(ErrorCode::not_found, "the model name is empty", [] { resolve_model(""); });
  expect_error(ErrorCode::not_found, "no such model",
               [] { resolve_model(std::string_view("nano\0x", 6)); });
  const TemporaryDirectory directory;
  const auto file = directory.write("model.txt", "x");
  expect_error(ErrorCode::not_found, "is a file, but neither a model directory nor a checkpoint",
               [&] { resolve_model(file.string()); });
}

}  // namespace
}  // namespace blip
