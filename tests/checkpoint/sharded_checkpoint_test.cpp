#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/shard_index.hpp"
#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

float value_of(const Checkpoint& checkpoint, std::string_view name) {
  const CheckpointTensor* tensor = checkpoint.find(name);
  if (tensor == nullptr || tensor->bytes.size() != sizeof(float)) return -1.0F;
  float value = 0.0F;
  std::memcpy(&value, tensor->bytes.data(), sizeof value);
  return value;
}

class ShardedCheckpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::array<std::string, 2> first = {"b", "shared"};
    const std::array<std::string, 3> second = {"a", "shared", "unlisted"};
    directory_.write("1.safetensors", one_value_tensors(first, 10.0F));
    directory_.write("2.safetensors", one_value_tensors(second, 20.0F));
  }
  void index(const std::string& weight_map) const {
    directory_.write("model.safetensors.index.json",
                     R"({"metadata":{},"weight_map":)" + weight_map + "}");
  }
  Checkpoint open() const { return Checkpoint::open(directory_.path()); }

  TemporaryDirectory directory_;
};

TEST_F(ShardedCheckpoint, JoinsTheShards) {
  index(R"({"a":"2.safetensors","b":"1.safetensors"})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(value_of(checkpoint, "a"), 20.0F);
  EXPECT_EQ(value_of(checkpoint, "b"), 10.0F);
  EXPECT_EQ(checkpoint.files().size(), 2U);
}

TEST_F(ShardedCheckpoint, AShardStandsForAllOfThem) {
  index(R"({"a":"2.safetensors","b":"1.safetensors"})");
  for (const char* name : {"1.safetensors", "2.safetensors", "model.safetensors.index.json"}) {
    const Checkpoint checkpoint = Checkpoint::open(directory_.path() / name);
    EXPECT_EQ(checkpoint.files().size(), 2U) << name;
    EXPECT_EQ(value_of(checkpoint, "a"), 20.0F) << name;
  }
  // A file that no index lists, or only a broken one, is read by itself.
  const std::array<std::string, 1> names = {"c"};
  directory_.write("3.safetensors", one_value_tensors(names, 30.0F));
  const Checkpoint unlisted = Checkpoint::open(directory_.path() / "3.safetensors");
  EXPECT_EQ(unlisted.files().size(), 1U);
  directory_.write("model.safetensors.index.json", "broken");
  const Checkpoint alone = Checkpoint::open(directory_.path() / "1.safetensors");
  EXPECT_EQ(alone.files().size(), 1U);
}

TEST_F(ShardedCheckpoint, AGitLfsPointerIsNamedAsSuch) {
  const auto file =
      directory_.write("lfs.safetensors", "version https://git-lfs.github.com/spec/v1\noid x\n");
  expect_error(ErrorCode::malformed, "lfs.safetensors: is a Git LFS pointer",
               [&] { Checkpoint::open(file); });
}

// What transformers 5.24 does: checked by loading such shards with it.
TEST_F(ShardedCheckpoint, TheLastFileWinsWhateverTheIndexSays) {
  index(R"({"shared":"1.safetensors","a":"2.safetensors"})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(value_of(checkpoint, "shared"), 21.0F);
  EXPECT_EQ(value_of(checkpoint, "unlisted"), 22.0F);
  EXPECT_EQ(checkpoint.tensors().size(), 4U);
}

TEST_F(ShardedCheckpoint, ASingleFileGoesBeforeTheIndex) {
  index(R"({"a":"2.safetensors"})");
  const std::array<std::string, 1> names = {"a"};
  directory_.write("model.safetensors", one_value_tensors(names, 30.0F));
  EXPECT_EQ(value_of(open(), "a"), 30.0F);
}

TEST_F(ShardedCheckpoint, RefusesListedTensorsThatAreAbsent) {
  index(R"({"a":"1.safetensors"})");
  expect_error(ErrorCode::malformed, "1.safetensors: lacks tensor \"a\"", [&] { open(); });
  index(R"({"a":"3.safetensors"})");
  expect_error(ErrorCode::not_found, "3.safetensors: no such file", [&] { open(); });
}

TEST_F(ShardedCheckpoint, RefusesFilesOutsideTheDirectory) {
  for (const char* file : {"../1.safetensors", "/etc/passwd", "..", ".", "", "sub/1.safetensors",
                           "a\\\\b", "a\\u0000", "a\\n"}) {
    SCOPED_TRACE(file);
    index(std::string(R"({"a":")") + file + "\"}");
    expect_error(ErrorCode::malformed, "not a plain file name", [&] { open(); });
  }
}

TEST_F(ShardedCheckpoint, RefusesABrokenIndex) {
  index(R"({"a":7})");
  expect_error(ErrorCode::malformed, "index.json: tensor \"a\" is mapped to no file name",
               [&] { open(); });
  index("[]");
  expect_error(ErrorCode::malformed, "weight_map", [&] { open(); });
  index("{}");
  expect_error(ErrorCode::malformed, "index.json: its \"weight_map\" lists no tensors",
               [&] { open(); });
  directory_.write("model.safetensors.index.json", "{");
  expect_error(ErrorCode::malformed, "not valid JSON", [&] { open(); });
  directory_.write("model.safetensors.index.json", "");
  expect_error(ErrorCode::malformed, "not valid JSON", [&] { open(); });
  directory_.write("model.safetensors.index.json", std::string(4'000'001, ' '));
  expect_error(ErrorCode::limit_exceeded, "4000001 bytes", [&] { open(); });
}

TEST(ShardIndex, GroupsTensorsByFile) {
  const auto shards = parse_shard_index(R"({"weight_map":{"z":"1","y":"2","x":"1"}})", "index");
  ASSERT_EQ(shards.size(), 2U);
  EXPECT_EQ(shards[0].file, "1");
  EXPECT_EQ(shards[0].tensors, (std::vector<std::string>{"x", "z"}));
  EXPECT_EQ(shards[1].tensors, (std::vector<std::string>{"y"}));
}

}  // namespace
}  // namespace blip
