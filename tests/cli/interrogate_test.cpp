// `blip interrogate`: its modes, its lists, and what it writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string cat_photo() {
  return photo_folder() + "/cat.jpg";
}

// Models whose answers mean nothing; what is tested is what is made of them.
Outcome interrogate(std::vector<std::string> words) {
  words.insert(words.begin(), {"interrogate", "--model", task_model("itm"), "--captioner", "nano",
                               "--no-label-cache"});
  return run_blip(words);
}

struct Lists {
  Lists() {
    words = {"--only-named-lists"};
    add("mediums", "a painting\na photo\n");
    add("movements", "Cubism\nRealism\n");
    add("flavors", "bright\ndark\nred\nblue\nold\nnew\n");
    add("artists", "Somebody\nNobody\n");
    add("negative", "blurry\nugly\n");
  }
  void add(const std::string& name, const std::string& lines) {
    words.insert(words.end(), {"--list", name + "=" + folder.file(name + ".txt", lines)});
  }
  [[nodiscard]] std::vector<std::string> with(std::vector<std::string> more) const {
    more.insert(more.end(), words.begin(), words.end());
    return more;
  }
  Folder folder;
  std::vector<std::string> words;
};

Json record_of(const std::vector<std::string>& words) {
  std::vector<std::string> all = words;
  all.insert(all.end(), {"--format", "jsonl"});
  const Outcome run = interrogate(all);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto lines = json_lines(run.out);
  EXPECT_EQ(lines.size(), 1U);
  return lines.empty() ? Json() : lines.front();
}

// The cosines of `texts` with the photo of the cat, as `blip match` prints them.
double cosine(const std::string& text) {
  const Outcome run =
      run_blip({"match", "--model", task_model("itm"), "--format", "jsonl", cat_photo(), text});
  return json_lines(run.out).at(0)["itc"];
}

std::string nano_caption() {
  std::string line = run_blip({"caption", "--model", "nano", cat_photo()}).out;
  line.pop_back();
  return line;
}

TEST(Interrogate, FastAddsThePhrasesByTheirCosines) {
  const Lists lists;
  const Json record = record_of(lists.with({cat_photo(), "--mode", "fast", "--max-flavors", "4"}));
  EXPECT_EQ(record["caption"], nano_caption());
  std::string prompt = nano_caption();
  ASSERT_EQ(record["phrases"].size(), 4U);
  double last = 1.0;
  for (const Json& phrase : record["phrases"]) {
    prompt += ", " + phrase.get<std::string>();
    const double now = cosine(phrase);
    EXPECT_LE(now, last + 1e-6);
    last = now;
  }
  EXPECT_EQ(record["prompt"], prompt);
  EXPECT_NEAR(record["similarity"], cosine(prompt), 1e-5);
}

TEST(Interrogate, ClassicHasItsOrder) {
  const Lists lists;
  const Json record = record_of(lists.with({cat_photo(), "--mode", "classic"}));
  ASSERT_EQ(record["phrases"].size(), 6U);  // medium, artist, movement, three flavors
  const auto phrase = [&](std::size_t i) { return record["phrases"][i].get<std::string>(); };
  EXPECT_EQ(record["prompt"], nano_caption() + ", " + phrase(0) + " " + phrase(1) + ", " +
                                  phrase(2) + ", " + phrase(3) + ", " + phrase(4) + ", " +
                                  phrase(5));
  EXPECT_THAT(phrase(0), StartsWith("a p"));
  EXPECT_THAT(phrase(1), HasSubstr("by "));
  EXPECT_GE(cosine(phrase(0)), std::max(cosine("a painting"), cosine("a photo")) - 1e-6);
}

TEST(Interrogate, BestIsNoFartherThanTheOthers) {
  const Lists lists;
  const Json best = record_of(lists.with({cat_photo(), "--max-flavors", "4"}));
  for (const char* mode : {"fast", "classic"}) {
    const Json other = record_of(lists.with({cat_photo(), "--mode", mode, "--max-flavors", "4"}));
    EXPECT_GE(best["similarity"].get<double>(), other["similarity"].get<double>() - 1e-6);
  }
  EXPECT_GE(best["similarity"].get<double>(), cosine(nano_caption()) - 1e-6);
}

TEST(Interrogate, NegativeBeginsWithWhatFitsLeastAndHasNoCaption) {
  const Lists lists;
  const Json record = record_of(lists.with({cat_photo(), "--mode", "negative"}));
  EXPECT_FALSE(record.contains("caption"));
  std::vector<std::string> phrases = {"bright", "dark", "red",    "blue",
                                      "old",    "new",  "blurry", "ugly"};
  const auto least = std::min_element(phrases.begin(), phrases.end(),
                                      [](const std::string& left, const std::string& right) {
                                        return cosine(left) < cosine(right);
                                      });
  EXPECT_EQ(record["phrases"][0], *least);
}

TEST(Interrogate, CaptionsMayComeFromTheList) {
  const Lists lists;
  const std::string list = lists.folder.file(
      "list.jsonl", Json({{"path", cat_photo()}, {"caption", "a quiet morning"}}).dump() + "\n");
  const Json record =
      record_of(lists.with({"--from-file", list, "--mode", "fast", "--max-flavors", "1"}));
  EXPECT_EQ(record["caption"], "a quiet morning");
  EXPECT_TRUE(record["written_caption"].is_null());
  EXPECT_THAT(record["prompt"].get<std::string>(), StartsWith("a quiet morning, "));
}

TEST(Interrogate, WhatTheListHasNoCaptionOfIsCaptioned) {
  const Lists lists;
  const std::string list = lists.folder.file(
      "list.jsonl", Json({{"path", cat_photo()}}).dump() + "\n" +
                        Json({{"path", photo(1)}, {"caption", "a"}}).dump() + "\n");
  const Outcome run =
      interrogate(lists.with({"--from-file", list, "--mode", "fast", "--format", "jsonl"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto records = json_lines(run.out);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]["caption"], "");
  EXPECT_EQ(records[0]["written_caption"], nano_caption());
  EXPECT_EQ(records[1]["caption"], "a");
}

TEST(Interrogate, IsTheSameEveryTimeAndResumes) {
  const Lists lists;
  const std::vector<std::string> words =
      lists.with({photo_folder(), "--max-flavors", "2", "-o", lists.folder / "prompts.jsonl"});
  ASSERT_EQ(interrogate(words).exit_code, 0);
  const std::string first = read_file(lists.folder / "prompts.jsonl");
  ASSERT_EQ(interrogate(words).exit_code, 0);
  EXPECT_EQ(read_file(lists.folder / "prompts.jsonl"), first);
  std::vector<std::string> again = words;
  again.emplace_back("--resume");
  ASSERT_EQ(interrogate(again).exit_code, 0);
  EXPECT_EQ(read_file(lists.folder / "prompts.jsonl"), first);
}

TEST(Interrogate, WritesSidecarsAndText) {
  const Lists lists;
  const std::string copy = lists.folder / "cat.jpg";
  std::filesystem::copy_file(cat_photo(), copy);
  const std::vector<std::string> words = lists.with({copy, "--mode", "fast", "--max-flavors", "2"});
  const Outcome text = interrogate(words);
  EXPECT_THAT(text.out, StartsWith(nano_caption() + ", "));
  std::vector<std::string> sidecar = words;
  sidecar.insert(sidecar.end(), {"--sidecar", ".txt"});
  ASSERT_EQ(interrogate(sidecar).exit_code, 0);
  EXPECT_EQ(read_file(lists.folder / "cat.txt"), text.out);
}

TEST(Interrogate, ComesWithLists) {
  const Json record = record_of({cat_photo(), "--mode", "classic"});
  EXPECT_EQ(record["phrases"].size(), 5U);  // no artists
}

TEST(Interrogate, RefusesWhatCannotBe) {
  const auto refused = [](const std::vector<std::string>& words) {
    const Outcome run = interrogate(words);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_THAT(refused({cat_photo(), "--list", "flavors"}), HasSubstr("'flavors' is not NAME=FILE"));
  EXPECT_THAT(refused({cat_photo(), "--list", "flavors=/nowhere"}), HasSubstr("/nowhere"));
  EXPECT_THAT(refused({cat_photo(), "--only-named-lists"}), HasSubstr("needs --list"));
  EXPECT_THAT(refused({"-"}), HasSubstr("can be read once"));
  const Folder folder;
  EXPECT_THAT(refused({cat_photo(), "--mode", "negative", "--only-named-lists", "--list",
                       "mediums=" + folder.file("m.txt", "a photo\n")}),
              HasSubstr("no phrases"));
  const Outcome broken = interrogate({folder.file("bad.png", "x"), cat_photo(), "--mode", "fast"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.err, HasSubstr("bad.png"));
}

}  // namespace
}  // namespace blip::testing
