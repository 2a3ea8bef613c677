#include "hub/model_files.hpp"

#include <gmock/gmock.h>

#include "hub/checksum.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::hub {
namespace {

using ::testing::ElementsAre;

const std::string kSnapshot = std::string(40, 'c');

TEST(ModelFiles, AnIndexListsEachFileOnce) {
  EXPECT_THAT(
      listed_files(R"({"weight_map": {"a": "m-2.bin", "b": "m-1.bin", "c": "m-2.bin"}})", "i"),
      ElementsAre("m-1.bin", "m-2.bin"));
}

TEST(ModelFiles, AnIndexStaysInItsDirectory) {
  for (const char* name :
       {"../x", "/etc/passwd", "a/b", "", ".", "..", "a\\\\b", "a\\u0000", ".x"}) {
    expect_error(ErrorCode::malformed, "where the name of a file should be", [&] {
      listed_files(R"({"weight_map": {"a": ")" + std::string(name) + "\"}}", "index");
    });
  }
  expect_error(ErrorCode::malformed, "lists no name",
               [] { listed_files(R"({"weight_map": {"a": 1}})", "index"); });
  expect_error(ErrorCode::malformed, "has no \"weight_map\"", [] { listed_files("{}", "index"); });
  expect_error(ErrorCode::malformed, "lists no tensors",
               [] { listed_files(R"({"weight_map": {}})", "index"); });
  std::string many = R"({"weight_map": {)";
  for (int i = 0; i < 1001; ++i) {
    many += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":\"" + std::to_string(i) + "\"";
  }
  expect_error(ErrorCode::limit_exceeded, "more than 1000",
               [&] { listed_files(many + "}}", "i"); });
}

TEST(ModelFiles, KnowsBlip) {
  const auto is_known = [](std::string_view config) {
    return is_known_model_type(model_type_of(config, "c"));
  };
  EXPECT_TRUE(is_known(R"({"model_type": "blip"})"));
  EXPECT_FALSE(is_known(R"({"model_type": "blip-2"})"));
  EXPECT_FALSE(is_known(R"({"model_type": 1})"));
  EXPECT_FALSE(is_known("{}"));
  EXPECT_FALSE(is_known("nonsense"));
}

// timm's config.json has no model_type.
TEST(ModelFiles, KnowsTimm) {
  const std::string type = model_type_of(
      R"({"architecture": "vit_base_patch16_224", "pretrained_cfg": {"tag": "in1k"}})", "c");
  EXPECT_EQ(type, "timm_wrapper");
  EXPECT_TRUE(is_known_model_type(type));
  EXPECT_EQ(model_type_of(R"({"model_type": "bert", "pretrained_cfg": {}})", "c"), "bert");
  EXPECT_EQ(model_type_of(R"({"pretrained_cfg": "none"})", "c"), "");
}

class Completeness : public ::testing::Test {
 protected:
  void add(const std::string& file, const std::string& content = "x") const {
    const std::string place = "models--a--b/snapshots/" + kSnapshot + "/" + file;
    std::filesystem::create_directories((directory_.path() / place).parent_path());
    directory_.write(place, content);
  }
  [[nodiscard]] bool usable() const { return is_usable(cache_, kSnapshot); }
  [[nodiscard]] bool settled() const { return is_complete_snapshot(cache_, kSnapshot); }

  TemporaryDirectory directory_;
  ModelCache cache_{directory_.path(), "a/b"};
};

TEST_F(Completeness, NeedsConfigurationAndWeights) {
  EXPECT_FALSE(usable());
  add("config.json");
  EXPECT_FALSE(usable());
  add("pytorch_model.bin");
  EXPECT_TRUE(usable());
}

TEST_F(Completeness, AnIndexNeedsAllItsShards) {
  add("config.json");
  add("model.safetensors.index.json", R"({"weight_map": {"x": "m-1", "y": "m-2"}})");
  add("m-1");
  EXPECT_FALSE(usable());
  add("m-2");
  EXPECT_TRUE(usable());
  add("model.safetensors.index.json", "broken");
  EXPECT_FALSE(usable());
}

TEST_F(Completeness, IsSettledWhenNothingIsLeftToAsk) {
  add("config.json");
  add("pytorch_model.bin");
  for (const char* file : optional_files("blip")) {
    EXPECT_FALSE(settled());
    if (std::string_view(file) == "vocab.txt") {
      add(file);
    } else {
      cache_.mark_absent(kSnapshot, file);
    }
  }
  EXPECT_FALSE(settled());  // there might be a model.safetensors, which goes first
  cache_.mark_absent(kSnapshot, "model.safetensors");
  EXPECT_FALSE(settled());
  cache_.mark_absent(kSnapshot, "model.safetensors.index.json");
  EXPECT_TRUE(settled());
}

TEST_F(Completeness, AGarbledReferenceIsNone) {
  std::filesystem::create_directories(directory_.path() / "models--a--b/refs/dir");
  directory_.write("models--a--b/refs/main", "../../../etc");
  directory_.write("models--a--b/refs/new-line", kSnapshot + "\n");
  directory_.write("models--a--b/refs/good", kSnapshot);
  EXPECT_EQ(cache_.commit_of("main"), std::nullopt);
  EXPECT_EQ(cache_.commit_of("new-line"), std::nullopt);
  EXPECT_EQ(cache_.commit_of("dir"), std::nullopt);
  EXPECT_EQ(cache_.commit_of("good"), kSnapshot);
  EXPECT_EQ(cache_.commit_of(kSnapshot), kSnapshot);
}

TEST(Checksum, TellsContentByItsETag) {
  const TemporaryDirectory directory;
  const auto file = directory.write("hello", "hello\n");
  // git hash-object, sha1sum and sha256sum of that file.
  EXPECT_EQ(checksum_problem(file, "ce013625030ba8dba906f756967f9e9ca394464a"), "");
  EXPECT_EQ(checksum_problem(file, "f572d396fae9206628714fb2ce00f72e94f2258f"), "");
  const std::string sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  EXPECT_EQ(checksum_problem(file, sha256), "");
  EXPECT_EQ(checksum_problem(file, "any-etag"), "");
  EXPECT_EQ(checksum_problem(file, std::string(64, '0')),
            "SHA-256 is " + sha256 + " instead of " + std::string(64, '0'));
  EXPECT_THAT(checksum_problem(file, std::string(40, '0')),
              ::testing::HasSubstr("git hash is ce01"));
}

}  // namespace
}  // namespace blip::hub
