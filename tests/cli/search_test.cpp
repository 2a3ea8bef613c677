// `blip search`: what is found in an index, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "pictures.hpp"
#include "program.hpp"
#include "search/library_index.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Search : public ::testing::Test {
 protected:
  // The photos of the tests, indexed by the small model with a matching head.
  Search() {
    const Outcome run = run_blip(
        {"index", photo_folder(), "--index", file_, "-m", task_model("itm"), "--no-exif-rotation"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }

  [[nodiscard]] Outcome search(std::vector<std::string> words) const {
    words.insert(words.begin(), {"search", "--index", file_, "--no-exif-rotation"});
    return run_blip(words);
  }
  [[nodiscard]] std::vector<Json> hits(std::vector<std::string> words) const {
    words.insert(words.end(), {"--format", "jsonl"});
    const Outcome run = search(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return json_lines(run.out);
  }
  [[nodiscard]] static std::vector<std::string> names(const std::vector<Json>& hits) {
    std::vector<std::string> names;
    for (const Json& hit : hits)
      names.push_back(fs::path(hit["path"].get<std::string>()).filename());
    return names;
  }

  Folder folder_;
  std::string file_ = folder_ / "library.db";
};

// Found by `blip rank`, which has no index.
TEST_F(Search, RanksAsBlipRankDoes) {
  for (const bool rerank : {true, false}) {
    std::vector<std::string> ranking = {"rank",
                                        "a cat on a table",
                                        photo_folder(),
                                        "-m",
                                        task_model("itm"),
                                        "--no-exif-rotation",
                                        "--format",
                                        "jsonl"};
    std::vector<std::string> searching = {"a cat on a table"};
    if (!rerank) {
      ranking.emplace_back("--no-rerank");
      searching.emplace_back("--no-rerank");
    }
    const std::vector<Json> ranked = json_lines(run_blip(ranking).out);
    const std::vector<Json> found = hits(searching);
    ASSERT_EQ(found.size(), 6U);
    ASSERT_EQ(ranked.size(), 6U);
    EXPECT_EQ(names(found), names(ranked));
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i]["itc"].get<float>(), ranked[i]["itc"].get<float>(), 2e-6);
      if (!rerank) {
        EXPECT_TRUE(found[i]["itm"].is_null());
        EXPECT_EQ(found[i]["score"], found[i]["itc"]);
        continue;
      }
      EXPECT_NEAR(found[i]["itm"].get<float>(), ranked[i]["itm"].get<float>(), 2e-5);
      EXPECT_NEAR(found[i]["score"].get<float>(), ranked[i]["score"].get<float>(), 1e-4);
    }
  }
}

TEST_F(Search, APhotoFindsItselfFirst) {
  const auto found = hits({photo(2), "--top", "3"});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]["path"], photo(2));
  EXPECT_NEAR(found[0]["score"].get<float>(), 1.0F, 1e-5);
  EXPECT_LE(found[1]["score"].get<float>(), found[0]["score"].get<float>());
}

TEST_F(Search, PartsAreWeighted) {
  const auto by_text = names(hits({"a", "cat", "--no-rerank"}));
  const auto by_photo = names(hits({photo(2)}));
  EXPECT_NE(by_text, by_photo);
  EXPECT_EQ(names(hits({"a cat", photo(2), "--photo-weight", "0"})), by_text);
  EXPECT_EQ(names(hits({"a cat", photo(2), "--photo-weight", "100"})), by_photo);
}

TEST_F(Search, WhatIsNotWantedComesLast) {
  const std::string text = "a cat";
  const auto plain = names(hits({text, "--no-rerank"}));
  auto reversed = names(hits({text, "--not", text, "--not-weight", "2"}));
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(reversed, plain);
}

TEST_F(Search, FiltersByDateAndPath) {
  EXPECT_THAT(names(hits({"a cat", "--path", "ca*.jpg"})), ::testing::ElementsAre("cat.jpg"));
  EXPECT_EQ(hits({"a cat", "--path", "cat.jpg", "--path", "photos/g*"}).size(), 2U);
  EXPECT_EQ(hits({"a cat", "--path", "/nowhere/*"}).size(), 0U);
  EXPECT_EQ(hits({"a cat", "--after", "2000-01"}).size(), 6U);
  EXPECT_EQ(hits({"a cat", "--before", "1990"}).size(), 0U);
  const Outcome run = search({"a cat", "--after", "yesterday"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("yesterday is no date"));
}

// Of a photo that says where and by what it was taken: its facts are put into the index.
TEST_F(Search, FiltersByPlaceCameraAndTag) {
  {
    search::LibraryIndex index(file_, search::Access::write);
    const auto tagger = index.put_tagger("a person");
    for (const auto& picture : index.pictures()) {
      const std::string name = fs::path(picture.path).filename();
      search::PictureFacts facts{.hash = picture.hash, .width = 640, .height = 480};
      if (name == "gull.jpg") {
        facts.camera = "Canon EOS 80D";
        facts.latitude = 48.8530;
        facts.longitude = 2.3499;
        index.put_tags(picture.id, tagger, std::vector<std::string>{"Bird", "'; DROP TABLE tags"});
      }
      if (name == "cat.jpg") index.put_tags(picture.id, tagger, std::vector<std::string>{"cat"});
      index.put_picture(picture.path, picture.state, facts);
    }
  }
  using ::testing::ElementsAre;
  EXPECT_THAT(names(hits({"a", "--near", "48.86,2.35,10km"})), ElementsAre("gull.jpg"));
  EXPECT_TRUE(hits({"a", "--near", "48.86,2.35,10m"}).empty());
  EXPECT_THAT(names(hits({"a", "--camera", "canon"})), ElementsAre("gull.jpg"));
  EXPECT_THAT(names(hits({"a", "--tag", "bird"})), ElementsAre("gull.jpg"));
  EXPECT_THAT(names(hits({"a", "--tag", "bird", "--tag", "'; DROP TABLE tags"})),
              ElementsAre("gull.jpg"));
  EXPECT_TRUE(hits({"a", "--tag", "bird", "--tag", "cat"}).empty()) << "all of them";
  EXPECT_THAT(search({"a", "--near", "Paris"}).err, HasSubstr("Paris is no place"));
}

TEST_F(Search, AllWaysThroughTheVectorsFindTheSame) {
  const auto exact = names(hits({"a cat", "--exact"}));
  EXPECT_EQ(names(hits({"a cat"})), exact);
  EXPECT_EQ(names(hits({"a cat", "--approximate"})), exact) << "there are no lists of six";
  EXPECT_EQ(search({"a cat", "--exact", "--approximate"}).exit_code, 2);
}

TEST_F(Search, WritesAPageOfWhatIsFound) {
  const Folder library;
  const std::string name = "<img src=x onerror=alert(1)>\".jpg";
  fs::copy(fs::path(photo_folder()) / "cat.jpg", library.path() / name);
  const std::string file = library / "library.db";
  ASSERT_EQ(run_blip({"index", library.path().string(), "--index", file, "-m", task_model("itm")})
                .exit_code,
            0);
  const std::string sheet = library / "found.html";
  const Outcome run = run_blip({"search", "<b>a cat</b>", "--index", file, "--sheet", sheet});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const std::string page = read_file(sheet);
  EXPECT_THAT(page, HasSubstr("<h1>&lt;b&gt;a cat&lt;/b&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/jpeg;base64,/9j/"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(1)&gt;&quot;.jpg</a>"));
}

// By a program of the desktop, which gets the name of the page as one word.
TEST_F(Search, OpensThePage) {
  const Folder desktop;
  const std::string program =
      desktop.file("bin/xdg-open", "#!/bin/sh\necho \"$#:$1\" > \"$XDG_CACHE_HOME/opened\"\n");
  fs::permissions(program, fs::perms::owner_all);
  const std::map<std::string, std::string> environment = {
      {"PATH", (desktop / "bin") + ":" + std::getenv("PATH")}, {"XDG_CACHE_HOME", desktop / "a b"}};
  const Outcome run = run_blip({"search", "a cat", "--index", file_, "--open", "--no-rerank"},
                               {.environment = environment});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(read_file(desktop / "a b/opened"), "1:" + (desktop / "a b/blip/found.html") + "\n");
  EXPECT_THAT(read_file(desktop / "a b/blip/found.html"), HasSubstr("cat.jpg"));
}

TEST_F(Search, IsJudgedByWhatItShouldFind) {
  const std::string first = names(hits({"a cat"}))[0];
  const std::string queries =
      folder_.file("queries.jsonl", "{\"query\": \"a cat\", \"path\": \"" + first +
                                        "\"}\n{\"query\": \"a cat\", \"paths\": [\"none.jpg\"]}\n");
  const Outcome run = run_blip({"eval", "search", queries, "--index", file_, "--format", "json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const Json scores = Json::parse(run.out);
  EXPECT_EQ(scores["queries"], 2);
  EXPECT_EQ(scores["recall@1"], 50.0);
  EXPECT_EQ(scores["recall@10"], 50.0);
  EXPECT_EQ(scores["ndcg@10"], 50.0);
  const Outcome bad =
      run_blip({"eval", "search", folder_.file("bad.jsonl", "{\"query\": 3}\n"), "--index", file_});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("bad.jsonl: query 1: needs texts"));
}

TEST_F(Search, CaptionsCount) {
  {
    search::LibraryIndex index(file_, search::Access::write);
    const auto model = index.put_model("a person", 0);
    for (const auto& picture : index.pictures()) {
      if (fs::path(picture.path).filename() == "gull.jpg") {
        index.put_caption(picture.id, model, "a <b>zeppelin</b> over a lake");
      }
    }
  }
  const auto found = hits({"zeppelins", "--no-rerank"});
  EXPECT_EQ(names(found)[0], "gull.jpg");
  EXPECT_EQ(found[0]["caption"], "a <b>zeppelin</b> over a lake");
  EXPECT_EQ(names(hits({"zeppelins", "--no-rerank", "--no-captions"})),
            names(hits({"zeppelins", "--no-rerank", "--no-captions", "--top", "6"})));
}

TEST_F(Search, PhotosThatAreGoneAreFoundBehindTheOthers) {
  const Folder library;
  for (const char* name : {"cat.jpg", "gull.jpg"}) {
    fs::copy(fs::path(photo_folder()) / name, library.path() / name);
  }
  const std::string file = library / "library.db";
  ASSERT_EQ(run_blip({"index", library.path().string(), "--index", file, "-m", task_model("itm")})
                .exit_code,
            0);
  fs::remove(library / "cat.jpg");
  const Outcome run = run_blip({"search", "a cat", "--index", file, "--format", "jsonl"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("cat.jpg"));
  EXPECT_THAT(names(json_lines(run.out)), ::testing::ElementsAre("gull.jpg", "cat.jpg"));
}

TEST_F(Search, TextIsForPeople) {
  const Outcome run = search({"a cat", "--top", "1", "--no-rerank"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, ::testing::MatchesRegex("   score  path\n +-?[0-9.]+  /.*\\.jpg\n"));
}

TEST_F(Search, WhatCannotBeSearchedIsTold) {
  EXPECT_THAT(search({"missing.jpg"}).err, HasSubstr("missing.jpg: no such file"));
  EXPECT_THAT(search({"a cat", "-m", task_model("blip")}).err, HasSubstr("has no vectors of "));
  const Outcome none = run_blip({"search", "a cat", "--index", folder_ / "none.db"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("none.db"));
  EXPECT_EQ(search({}).exit_code, 2);
}

TEST_F(Search, OfSeveralModelsOneIsChosen) {
  ASSERT_EQ(
      run_blip({"index", photo_folder(), "--index", file_, "-m", task_model("blip")}).exit_code, 0);
  const Outcome run = search({"a cat"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("choose with --model"));
  EXPECT_EQ(hits({"a cat", "-m", task_model("blip")}).size(), 6U);
}

}  // namespace
}  // namespace blip::testing
