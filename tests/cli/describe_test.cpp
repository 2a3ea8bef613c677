// `blip describe`: words into sidecars and pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

Outcome describe(std::vector<std::string> words) {
  words.insert(words.begin(), {"describe", "-m", "nano"});
  return run_blip(words);
}

std::string caption_of(const std::string& picture) {
  const std::string line = run_blip({"caption", "-m", "nano", picture}).out;
  return line.substr(0, line.size() - 1);
}

TEST(Describe, WritesASidecarAndLeavesThePictureAlone) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string before = read_file(a);
  const Outcome run = describe({a, "--format", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto record = json_lines(run.out).at(0);
  EXPECT_EQ(record["description"], caption_of(a));
  EXPECT_EQ(record["written"], a + ".xmp");
  EXPECT_EQ(read_file(a), before);
  const std::string sidecar = read_file(a + ".xmp");
  EXPECT_THAT(sidecar, HasSubstr("xml:lang=\"x-default\">" + caption_of(a) + "<"));
  EXPECT_THAT(sidecar, HasSubstr("xml:lang=\"en\">" + caption_of(a) + "<"));
  EXPECT_THAT(sidecar, HasSubstr("AltTextAccessibility"));

  const Outcome again = describe({a});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.out, "");
  EXPECT_THAT(again.err, HasSubstr("1 image is described already"));
  EXPECT_EQ(read_file(a + ".xmp"), sidecar);
}

TEST(Describe, SidecarsHaveTheNamesThatProgramsLookFor) {
  const Folder folder;
  folder.picture("a.jpg", 1);
  folder.picture("a.png", 2);
  ASSERT_EQ(describe({folder.path(), "--sidecar-name", "stem"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder / "a.xmp"));
  EXPECT_TRUE(fs::exists(folder / "a.png.xmp"))
      << "of two of one name, none gets the other's words";
}

TEST(Describe, EmbedsAndKeepsWhatTheFileIs) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  fs::permissions(a, fs::perms(0640));
  fs::create_symlink(a, folder / "link.png");
  const Outcome run = describe({"--embed", "--preserve-times", folder / "link.png"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::is_symlink(folder / "link.png"));
  EXPECT_EQ(fs::status(a).permissions(), fs::perms(0640));
  EXPECT_THAT(read_file(a), HasSubstr("XML:com.adobe.xmp"));
  EXPECT_FALSE(fs::exists(a + ".xmp"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2) << "nothing else";
}

TEST(Describe, ReplacingKeepsTheFileAsItWas) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string by_hand =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
      "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
      "xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:description>by hand</dc:description>"
      "</rdf:Description></rdf:RDF></x:xmpmeta>";
  write_file(a + ".xmp", by_hand);
  ASSERT_EQ(describe({a, "--no-alt"}).exit_code, 0);
  EXPECT_EQ(read_file(a + ".xmp"), by_hand);
  ASSERT_EQ(describe({a, "--no-alt", "--existing", "append"}).exit_code, 0);
  EXPECT_THAT(read_file(a + ".xmp"), HasSubstr("by hand, " + caption_of(a)));
  write_file(a + ".xmp", by_hand);
  ASSERT_EQ(describe({a, "--existing", "replace"}).exit_code, 0);
  EXPECT_THAT(read_file(a + ".xmp"), Not(HasSubstr("by hand")));
  EXPECT_EQ(read_file(a + ".xmp_original"), by_hand);
  write_file(a + ".xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>");
  ASSERT_EQ(describe({a, "--existing", "replace"}).exit_code, 0);
  EXPECT_EQ(read_file(a + ".xmp_original"), by_hand) << "no original is written over";
  EXPECT_TRUE(fs::exists(a + ".xmp_original-2"));
}

TEST(Describe, WhatCannotBeEmbeddedGetsASidecar) {
  const Folder folder;
  const std::string gif = folder / "a.gif";
  fs::copy_file(std::string(BLIP_SOURCE_DIR) + "/tests/image/data/files/gif_rgb_19x13", gif);
  const Outcome run = describe({"--embed", gif});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("is of a format that Exiv2 does not write: the words are in a "
                                 "sidecar"));
  EXPECT_TRUE(fs::exists(gif + ".xmp"));
}

TEST(Describe, ASidecarThatCannotBeReadIsNamedAndLeft) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string b = folder.picture("b.png", 2);
  write_file(a + ".xmp", "no XMP");
  const Outcome run = describe({folder.path()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr(a + ": its sidecar " + a + ".xmp: its XMP cannot be read"));
  EXPECT_EQ(read_file(a + ".xmp"), "no XMP");
  EXPECT_TRUE(fs::exists(b + ".xmp"));
}

TEST(Describe, TellsWhatItWroteAndNotWhatTheModelFound) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  ASSERT_EQ(describe({a, "--no-alt"}).exit_code, 0);
  const std::string before = read_file(a + ".xmp");
  const Outcome tried = describe({a, "--format", "jsonl", "--dry-run"});
  ASSERT_EQ(tried.exit_code, 0) << tried.err;
  EXPECT_EQ(read_file(a + ".xmp"), before);
  const Outcome run = describe({a, "--format", "jsonl"});
  for (const Outcome* outcome : {&tried, &run}) {
    const auto record = json_lines(outcome->out).at(0);
    EXPECT_TRUE(record["description"].is_null()) << "was there and is kept";
    EXPECT_FALSE(record["alt"].is_null());
  }
  EXPECT_EQ(json_lines(run.out).at(0)["written"], a + ".xmp");
}

TEST(Describe, ASidecarThatLeadsNowhereIsNamed) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  fs::create_symlink("none", a + ".xmp");
  const Outcome run = describe({a});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("its sidecar " + a + ".xmp: is a link that leads nowhere"));
}

TEST(Describe, TagsAreOfTheListThatIsGiven) {
  const Folder folder;
  const std::string a = photo_folder() + "/cat.jpg";
  fs::copy_file(a, folder / "cat.jpg");
  const Outcome run = describe({folder / "cat.jpg", "--tags", "--tag-model", task_model("itm"),
                                "--labels", "cat,sofa", "--margin", "-2", "--no-label-cache",
                                "--format", "jsonl", "--dry-run"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json_lines(run.out).at(0)["tags"].size(), 2U);
  EXPECT_TRUE(json_lines(run.out).at(0)["written"].is_null());
  EXPECT_FALSE(fs::exists(folder / "cat.jpg.xmp"));
}

TEST(Describe, OptionsThatMakeNoSenseAreRefused) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  EXPECT_THAT(describe({a, "--top", "3"}).err, HasSubstr("--top needs --tags"));
  EXPECT_THAT(describe({a, "--template", "a {}"}).err, HasSubstr("--template needs --tags"));
  EXPECT_THAT(describe({a, "--no-alt", "--no-description"}).err, HasSubstr("nothing is left"));
  EXPECT_THAT(describe({a, "--language", "e n"}).err, HasSubstr("is no language tag"));
  EXPECT_EQ(describe({"https://example.org/a.jpg"}).exit_code, 1);
}

}  // namespace
}  // namespace blip::testing
