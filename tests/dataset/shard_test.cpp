#include "dataset/shard.hpp"

#include <gmock/gmock.h>

#include <string>

#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

TEST(Shard, JoinsMembersOfOneStem) {
  const Shard shard(memory_source(tar_of({{"a.b/1.jpg", "picture 1"},
                                          {"2.png", "picture 2"},
                                          {"a.b/1.json", R"({"caption": "one"})"},
                                          {"2.txt", "two\n"},
                                          {"README", "no sample"},
                                          {"3.json", "{}"},
                                          {"2.cls", "7"}})));
  ASSERT_EQ(shard.size(), 2U);
  const Sample first = shard.read(0);
  EXPECT_EQ(first.key, "a.b/1");
  EXPECT_THAT(first.captions, testing::ElementsAre("one"));
  ASSERT_EQ(first.pictures.size(), 1U);
  EXPECT_EQ(first.pictures[0].name, "a.b/1.jpg");
  EXPECT_EQ(text_of(first.pictures[0].bytes), "picture 1");
  const Sample second = shard.annotation(1);
  EXPECT_EQ(second.key, "2");
  EXPECT_THAT(second.captions, testing::ElementsAre("two"));
  EXPECT_TRUE(second.pictures.at(0).bytes.empty());
}

TEST(Shard, DropsByteOrderMarks) {
  const std::string mark = "\xEF\xBB\xBF";
  const Shard shard(memory_source(tar_of({{"1.jpg", "x"},
                                          {"1.txt", mark + "a dog\r\n"},
                                          {"2.jpg", "x"},
                                          {"2.json", mark + R"({"caption": "a cat"})"},
                                          {"3.jpg", "x"},
                                          {"3.txt", std::string("\xFF\xFE"
                                                                "a\0",
                                                                4)}})));
  EXPECT_THAT(shard.annotation(0).captions, testing::ElementsAre("a dog"));
  EXPECT_THAT(shard.annotation(1).captions, testing::ElementsAre("a cat"));
  expect_error(ErrorCode::unsupported, "3.txt: is UTF-16 text",
               [&] { static_cast<void>(shard.annotation(2)); });
}

TEST(Shard, GitLfsPointersAreNamedAsSuch) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
  const TemporaryDirectory directory;
  const auto file = directory.write("000.tar", pointer);
  expect_error(ErrorCode::malformed, "000.tar: is a Git LFS pointer",
               [&] { static_cast<void>(Shard(file)); });
  const Shard shard(memory_source(tar_of({{"1.jpg", "x"}, {"1.txt", pointer}})));
  expect_error(ErrorCode::malformed, "1.txt: is a Git LFS pointer",
               [&] { static_cast<void>(shard.annotation(0)); });
}

TEST(Shard, PrefersTheCaptionOfTheJson) {
  const Shard shard(memory_source(tar_of({{"1.jpg", "x"},
                                          {"1.txt", "text"},
                                          {"1.json", R"({"caption": "json"})"},
                                          {"2.jpg", "x"},
                                          {"2.txt", "text"},
                                          {"2.json", R"({"caption": null, "key": "2"})"}})));
  EXPECT_THAT(shard.annotation(0).captions, testing::ElementsAre("json"));
  EXPECT_THAT(shard.annotation(1).captions, testing::ElementsAre("text"));
}

TEST(Shard, KeepsPairsOfPicturesInOrder) {
  const Shard shard(memory_source(tar_of({{"n.0.png", "left"},
                                          {"n.1.png", "right"},
                                          {"n.json", R"({"sentence": "s", "label": "True"})"}})));
  const Sample sample = shard.read(0);
  ASSERT_EQ(sample.pictures.size(), 2U);
  EXPECT_EQ(text_of(sample.pictures[0].bytes), "left");
  EXPECT_EQ(text_of(sample.pictures[1].bytes), "right");
  EXPECT_EQ(sample.pictures[1].name, "n.1.png");
}

TEST(Shard, ReadsDaquarsQuestions) {
  const Shard shard(memory_source(tar_of({{"image3.jpg", "x"}, {"image3.json", R"(
    {"image": "image3", "qa": [{"question": "what is on the desk ?", "answer": "book, scissor"},
                               {"question": "how many doors ?", "answer": "1"}]})"}})));
  const Sample sample = shard.annotation(0);
  ASSERT_EQ(sample.questions.size(), 2U);
  EXPECT_EQ(sample.questions[0].answers.at(0).text, "book, scissor");
  EXPECT_EQ(sample.questions[1].answers.at(0).weight, 1.0);
}

TEST(Shard, RefusesAMemberTwice) {
  expect_error(ErrorCode::malformed, "sample \"a\" has a member twice", [] {
    Shard(memory_source(tar_of({{"a.jpg", "1"}, {"a.json", "{}"}, {"a.jpg", "2"}})));
  });
}

TEST(Shard, NamesTheMemberWhoseJsonIsBad) {
  const Shard shard(memory_source(tar_of({{"a.jpg", "1"}, {"a.json", "{\"caption\": 7}"}})));
  expect_error(ErrorCode::malformed, "memory: a.json: caption must be text, not 7",
               [&] { shard.annotation(0); });
}

TEST(Shard, RefusesAJsonThatIsTooLarge) {
  const Shard shard(
      memory_source(tar_of({{"a.jpg", "1"}, {"a.json", std::string(1'100'000, ' ')}})));
  expect_error(ErrorCode::limit_exceeded, "a.json: 1100000 bytes", [&] { shard.annotation(0); });
}

TEST(Shard, NoticesThatItsFileChanged) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a.tar", tar_of({{"a.jpg", "1"}}));
  const Shard shard(path);
  EXPECT_EQ(text_of(shard.read(0).pictures.at(0).bytes), "1");
  directory.write("a.tar", tar_of({{"a.jpg", std::string(600, '1')}}));
  expect_error(ErrorCode::unreadable, "changed since it was opened", [&] { shard.read(0); });
}

}  // namespace
}  // namespace blip::dataset
