#include "dataset/dataset.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "dataset/brace_pattern.hpp"
#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

TEST(Dataset, NumbersTheSamplesOfAllSources) {
  const TemporaryDirectory directory;
  directory.write("t-00.tar", tar_of({{"a.jpg", "1"}, {"b.jpg", "2"}}));
  directory.write("t-01.tar", tar_end());
  directory.write("t-02.tar", tar_of({{"c.jpg", "3"}}));
  directory.write("list.json", R"([{"image": "d.jpg"}, {"image": "e.jpg"}])");
  directory.write("e.jpg", "5");
  const std::string root = directory.path().string();
  const Dataset dataset = Dataset::open(
      std::vector<std::string>{root + "/t-{00..02}.tar", root + "/list.json"}, {directory.path()});
  ASSERT_EQ(dataset.size(), 5U);
  std::string keys;
  for (std::size_t i = 0; i < dataset.size(); ++i) keys += dataset.annotation(i).key + ' ';
  EXPECT_EQ(keys, "a b c d.jpg e.jpg ");
  EXPECT_EQ(text_of(dataset.read(2).pictures.at(0).bytes), "3");
  EXPECT_EQ(text_of(dataset.read(4).pictures.at(0).bytes), "5");
  expect_error(ErrorCode::invalid_argument, "no sample 5 among 5", [&] { dataset.read(5); });
}

TEST(Dataset, NamesTheSourceThatFails) {
  const TemporaryDirectory directory;
  directory.write("bad.tar", std::string(2048, 'x'));
  const std::string root = directory.path().string();
  const auto open = [&](const std::string& name) {
    Dataset::open(std::vector<std::string>{root + name});
  };
  expect_error(ErrorCode::not_found, "none.tar: no such file", [&] { open("/none.tar"); });
  expect_error(ErrorCode::malformed, "bad.tar: at byte 0", [&] { open("/bad.tar"); });
  expect_error(ErrorCode::invalid_argument, "a.zip: a data set is", [&] { open("/a.zip"); });
  EXPECT_EQ(Dataset::open({}).size(), 0U);
}

TEST(BracePattern, ExpandsAsBashDoes) {
  using testing::ElementsAre;
  EXPECT_THAT(expand_braces("plain.tar"), ElementsAre("plain.tar"));
  EXPECT_THAT(expand_braces("a-{008..011}.tar"),
              ElementsAre("a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"));
  EXPECT_THAT(expand_braces("{8..11}"), ElementsAre("8", "9", "10", "11"));
  EXPECT_THAT(expand_braces("{0..2}"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(expand_braces("{a,b}-{1..2}{,x}"),
              ElementsAre("a-1", "a-1x", "a-2", "a-2x", "b-1", "b-1x", "b-2", "b-2x"));
}

TEST(BracePattern, RefusesWhatItDoesNotKnow) {
  for (const char* pattern : {"{", "}", "a{1..2", "a{b{1..2}}", "{}", "{a}", "{2..1}", "{a..c}",
                              "{1..}", "{-1..2}", "{1..2..3}", "{99999999999..99999999999}"}) {
    expect_error(ErrorCode::invalid_argument, pattern, [&] { expand_braces(pattern); });
  }
  expect_error(ErrorCode::limit_exceeded, "more than 1000000 names",
               [] { expand_braces("{1..1000001}"); });
  expect_error(ErrorCode::limit_exceeded, "more than 1000000 names",
               [] { expand_braces("{1..1001}{1..1000}"); });
  EXPECT_EQ(expand_braces("{1..1000}{1..1000}").size(), 1'000'000U);
}

}  // namespace
}  // namespace blip::dataset
