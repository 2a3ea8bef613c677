#include "dataset/shard_writer.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/open_file.hpp"
#include "dataset/shard.hpp"
#include "dataset/tar_index.hpp"
#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

Sample sample_of(const std::string& key, const std::string& caption) {
  Sample sample;
  sample.key = key;
  sample.pictures = {{"photo.jpg", bytes_of("picture of " + key)}};
  sample.captions = {caption};
  return sample;
}

TEST(ShardWriter, WritesWhatShardReads) {
  const TemporaryDirectory directory;
  ShardWriter writer(directory.path() / "t");
  Sample pair = sample_of(std::string(200, 'k') + "/pair", "");
  pair.captions.clear();
  pair.pictures = {{"l.png", bytes_of("left")}, {"r.jpg", bytes_of("right")}};
  pair.statements = {{"two dogs", true}};
  writer.write(sample_of("one", "a dog"));
  writer.write(pair);
  writer.finish();
  const Shard shard(directory.path() / "t-000000.tar");
  ASSERT_EQ(shard.size(), 2U);
  EXPECT_EQ(shard.read(0).key, "one");
  EXPECT_EQ(text_of(shard.read(0).pictures.at(0).bytes), "picture of one");
  EXPECT_THAT(shard.read(0).captions, testing::ElementsAre("a dog"));
  const Sample read = shard.read(1);
  EXPECT_EQ(read.key, pair.key);
  EXPECT_EQ(read.pictures.at(0).name, pair.key + ".0.png");
  EXPECT_EQ(text_of(read.pictures.at(1).bytes), "right");
  EXPECT_EQ(read.statements.at(0).is_true, true);
}

TEST(ShardWriter, BeginsWhereItIsToldAndWritesOtherAnnotations) {
  const TemporaryDirectory directory;
  ShardWriter writer(directory.path() / "t", {}, 41);
  writer.write(sample_of("one", "a dog"), R"({"captions":["a cat"],"scores":[0.5]})");
  writer.finish();
  const Shard shard(shard_path(directory.path() / "t", 41));
  EXPECT_THAT(shard.read(0).captions, testing::ElementsAre("a cat"));
  EXPECT_EQ(shard_path("t", 41), "t-000041.tar");
}

TEST(ShardWriter, WritesTheSameBytesForTheSameSamples) {
  const TemporaryDirectory directory;
  for (const char* name : {"s", "t"}) {
    ShardWriter writer(directory.path() / name);
    writer.write(sample_of("one", "a dog"));
    writer.finish();
  }
  const std::string written = read_text_file(directory.path() / "s-000000.tar", 1U << 20U);
  EXPECT_EQ(written, read_text_file(directory.path() / "t-000000.tar", 1U << 20U));
  // tar_of is the test's own idea of the format; it leaves the owners out.
  const std::string expected =
      tar_of({{"one.jpg", "picture of one"}, {"one.json", R"({"captions":["a dog"]})"}});
  ASSERT_EQ(written.size(), expected.size());
  for (const std::size_t member : {0U, 1024U}) {
    EXPECT_EQ(written.substr(member + 108, 16), std::string("0000000\0"
                                                            "0000000\0",
                                                            16));
    EXPECT_EQ(written.substr(member, 108), expected.substr(member, 108));
    EXPECT_EQ(written.substr(member + 124, 24), expected.substr(member + 124, 24));
    EXPECT_EQ(written.substr(member + 512, 512), expected.substr(member + 512, 512));
  }
}

TEST(ShardWriter, BeginsANewShardAtItsLimits) {
  const TemporaryDirectory directory;
  ShardWriter by_count(directory.path() / "count", {.samples = 2});
  for (const char* key : {"a", "b", "c", "d", "e"}) by_count.write(sample_of(key, "x"));
  by_count.finish();
  EXPECT_EQ(by_count.shards(), 3U);
  EXPECT_EQ(Shard(directory.path() / "count-000001.tar").annotation(0).key, "c");
  EXPECT_EQ(Shard(directory.path() / "count-000002.tar").size(), 1U);

  // A sample takes 2 KiB, two headers and two blocks of content; the end of an archive 1 KiB.
  ShardWriter by_bytes(directory.path() / "bytes", {.bytes = 5120});
  for (const char* key : {"a", "b", "c", "d", "e"}) by_bytes.write(sample_of(key, "x"));
  by_bytes.finish();
  EXPECT_EQ(Shard(directory.path() / "bytes-000000.tar").size(), 2U);
  EXPECT_EQ(by_bytes.shards(), 3U);
}

TEST(ShardWriter, LeavesNothingHalfWritten) {
  const TemporaryDirectory directory;
  {
    ShardWriter writer(directory.path() / "t", {.samples = 1});
    writer.write(sample_of("a", "x"));
    writer.write(sample_of("b", "x"));
  }
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "t-000000.tar"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(ShardWriter, RefusesWhatWouldNotBeReadBack) {
  const TemporaryDirectory directory;
  ShardWriter writer(directory.path() / "t");
  const auto refuse = [&](const std::string& part, const Sample& sample) {
    expect_error(ErrorCode::invalid_argument, part, [&] { writer.write(sample); });
  };
  refuse("empty key", sample_of("", "x"));
  refuse("empty key", sample_of("a/", "x"));
  refuse("has a dot in its key", sample_of("a.b", "x"));
  refuse("not valid UTF-8", sample_of("a", "caf\xE9"));
  refuse("cannot be the name", sample_of("caf\xE9", "x"));
  refuse("has more than 1 MiB", sample_of("a", std::string(2'000'000, 'x')));
  Sample sample = sample_of("a", "x");
  sample.pictures[0].name = "photo.txt";
  refuse("no picture's ending", sample);
  sample.pictures.clear();
  refuse("has no picture", sample);
  expect_error(ErrorCode::unreadable, "No such file",
               [&] { ShardWriter(directory.path() / "none" / "t").write(sample_of("a", "x")); });
}

}  // namespace
}  // namespace blip::dataset
