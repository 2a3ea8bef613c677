// `blip index --catalogue` and `blip search` in what it makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "pictures.hpp"
#include "program.hpp"
#include "search/catalogue_index.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

constexpr std::string_view kHeader = "id,title,picture,description,price,category,colour\n";

class Catalogue : public ::testing::Test {
 protected:
  Catalogue() {
    for (std::uint32_t i = 1; i <= 4; ++i)
      (void)folder_.picture("p/" + std::to_string(i) + ".png", i);
    write(rows_);
  }

  void write(const std::vector<std::string>& rows) const {
    std::string text(kHeader);
    for (const std::string& row : rows) text += row + "\n";
    (void)folder_.file("products.csv", text);
  }
  [[nodiscard]] Outcome index(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "index", "--catalogue", folder_ / "products.csv", "--index", file_, "-m", model_};
    words.insert(words.end(), more.begin(), more.end());
    return run_blip(words);
  }
  [[nodiscard]] std::vector<Json> hits(std::vector<std::string> words) const {
    words.insert(words.begin(), {"search", "--index", file_, "--format", "jsonl"});
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return json_lines(run.out);
  }
  [[nodiscard]] std::vector<std::string> ids(const std::vector<std::string>& words) const {
    std::vector<std::string> ids;
    for (const Json& hit : hits(words)) ids.push_back(hit["id"]);
    return ids;
  }
  [[nodiscard]] std::string picture(int number) const {
    return folder_ / ("p/" + std::to_string(number) + ".png");
  }

  Folder folder_;
  std::string file_ = folder_ / "products.db";
  std::string model_ = task_model("itm");
  std::vector<std::string> rows_ = {
      "1,oak chair,p/1.png,for kitchens,99.5,chairs,brown", "2,red chair,p/2.png,,20,chairs,red",
      "3,lamp,p/3.png,beside a chair,30,lamps,red", "4,rug,p/4.png,,,rugs,blue"};
};

TEST_F(Catalogue, SaysWhatAnItemIs) {
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "4 items: 4 new, 0 changed, 0 unchanged; 0 gone; 4 pictures, 0 failed\n");
  const auto found = hits({"oak chair", "--top", "1"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["id"], "1");
  EXPECT_EQ(found[0]["title"], "oak chair");
  EXPECT_EQ(found[0]["price"], 99.5);
  EXPECT_EQ(found[0]["path"], picture(1));
  EXPECT_GT(found[0]["score"], 0);
  EXPECT_THAT(found[0]["attributes"], ElementsAre("category=chairs", "colour=brown"));
  EXPECT_TRUE(hits({"rug", "--top", "1"})[0]["price"].is_null());
}

TEST_F(Catalogue, FindsByPhotosItemsAndBoth) {
  ASSERT_EQ(index().exit_code, 0);
  EXPECT_EQ(ids({picture(3), "--top", "1", "--photo-weight", "5"}).size(), 1U);
  EXPECT_EQ(ids({picture(2), "rug", "--word-weight", "50"})[0], "4");
  const auto alike = ids({"--like", "2"});
  EXPECT_EQ(alike.size(), 3U);
  EXPECT_EQ(std::ranges::count(alike, "2"), 0);
  // The best of each other category, then what is left.
  EXPECT_THAT(ids({"--goes-with", "2"}), UnorderedElementsAre("3", "4"));
  EXPECT_THAT(ids({"--goes-with", "4", "--top", "2"}),
              ::testing::Contains("3"));  // the only lamp is before the second chair
  const Outcome unknown = run_blip({"search", "--index", file_, "--like", "77"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("\"77\": the catalogue has no item of this id"));
}

TEST_F(Catalogue, FiltersByPriceAndAttributes) {
  ASSERT_EQ(index().exit_code, 0);
  EXPECT_THAT(ids({"chair", "--where", "colour=Red"}), UnorderedElementsAre("2", "3"));
  EXPECT_THAT(ids({"chair", "--where", "colour=red", "--where", "price<25"}), ElementsAre("2"));
  const Outcome photos = run_blip({"search", "chair", "--index", file_, "--after", "2024"});
  EXPECT_EQ(photos.exit_code, 2);
  EXPECT_THAT(photos.err, HasSubstr("a catalogue has --where"));
  EXPECT_EQ(run_blip({"search", "chair", "--index", file_, "--where", "red"}).exit_code, 2);
}

TEST_F(Catalogue, ReadsWhatIsNewAlone) {
  const std::string model = folder_ / "model";
  fs::copy(model_, model, fs::copy_options::recursive);
  model_ = model;
  ASSERT_EQ(index().exit_code, 0);
  rows_[3] = "4,rug,p/4.png,,12,rugs,blue";  // no vector depends on a price
  rows_.erase(rows_.begin() + 2);
  fs::rename(picture(1), folder_ / "p/moved.png");
  rows_[0] = "1,oak chair,p/moved.png,for kitchens,99.5,chairs,brown";
  write(rows_);
  fs::rename(model, folder_ / "away");  // nothing is left for it to do
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "3 items: 0 new, 2 changed, 1 unchanged; 1 gone; 3 pictures, 0 failed\n");
  search::LibraryIndex library(file_, search::Access::write);
  search::CatalogueIndex catalogue(library, search::Access::read);
  EXPECT_EQ(catalogue.items().size(), 3U);
  EXPECT_EQ(library.pictures().size(), 3U);
  catalogue.check_integrity();
  library.check_integrity();
}

TEST_F(Catalogue, ItemsWithoutPictureAreFoundByWords) {
  rows_[0] = "1,oak chair,p/none.png,,,,";
  rows_[1] = "2,red chair,,,,,";
  write(rows_);
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("none.png: no such file"));
  EXPECT_EQ(run.out, "4 items: 4 new, 0 changed, 0 unchanged; 0 gone; 3 pictures, 1 failed\n");
  EXPECT_EQ(ids({"oak"})[0], "1");
  EXPECT_TRUE(hits({"red chair"})[0]["path"].is_null());
}

TEST_F(Catalogue, KeepsWhatModelsFindOut) {
  const std::string attributes = folder_.file(
      "attributes.json", R"({"shade":["dark","light"],"thing":"what is in the picture?"})");
  const Outcome silent = index({"--attributes", attributes});
  EXPECT_EQ(silent.exit_code, 2);
  EXPECT_THAT(silent.err, HasSubstr("has questions; who answers? See --question-model"));
  const std::vector<std::string> options = {"--attributes", attributes, "--question-model",
                                            task_model("vqa")};
  const Outcome run = index(options);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto dark = ids({"chair", "--where", "shade=dark"});
  const auto light = ids({"chair", "--where", "shade=light"});
  EXPECT_EQ(dark.size() + light.size(), 4U);
  const auto found = hits({"chair", "--top", "1"});
  EXPECT_EQ(found[0]["attributes"].size(), 4U);
  // Another list takes the place of the first one; another picture is looked at anew.
  (void)folder_.file("attributes.json", R"({"shade":["bright"]})");
  fs::copy_file(picture(1), picture(4), fs::copy_options::overwrite_existing);
  ASSERT_EQ(index({"--attributes", attributes}).exit_code, 0);
  EXPECT_EQ(ids({"chair", "--where", "shade=bright"}).size(), 4U);
  EXPECT_TRUE(ids({"chair", "--where", "shade=dark"}).empty());
  // By this an item's picture is known to be another one, of which nothing was found out.
  search::LibraryIndex library(file_, search::Access::write);
  search::CatalogueIndex catalogue(library, search::Access::write);
  std::map<std::string, std::string> hashes;
  for (const auto& known : library.pictures()) hashes[known.path] = known.hash;
  EXPECT_EQ(hashes[picture(4)], hashes[picture(1)]);
  for (const auto& item : catalogue.items()) {
    EXPECT_EQ(item.picture_hash, hashes[item.picture]) << item.picture;
  }
}

TEST_F(Catalogue, IsRefusedInOneLine) {
  write({"1,a,,,,,", "1,b,,,,,"});
  const Outcome twice = index();
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_THAT(twice.err, HasSubstr("products.csv: line 3: the id of line 2 again"));
  write({});
  EXPECT_THAT(index().err, HasSubstr("the catalogue has no items"));
  EXPECT_THAT(index({photo_folder()}).err, HasSubstr("--catalogue and folders exclude each other"));
  EXPECT_THAT(run_blip({"index", photo_folder(), "--attributes", "a.json"}).err,
              HasSubstr("--attributes needs a --catalogue"));
}

TEST_F(Catalogue, PhotosAreNoItems) {
  ASSERT_EQ(run_blip({"index", folder_ / "p", "--index", file_, "-m", model_}).exit_code, 0);
  for (const std::vector<std::string>& options : {std::vector<std::string>{"--where", "colour=red"},
                                                  {"--category", "colour"},
                                                  {"--goes-with", "1", "--category", "colour"}}) {
    std::vector<std::string> words = {"search", "chair", "--index", file_};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 2) << options[0];
    EXPECT_THAT(run.err, HasSubstr("is no index of a catalogue")) << options[0];
  }
}

TEST_F(Catalogue, WhatIsForPhotosIsRefused) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string queries =
      folder_.file("queries.jsonl", R"({"query":"an oak chair","items":["1"]})");
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"-k", "5"}, {"--no-rerank"}, {"--approximate"}}) {
    for (std::vector<std::string> words :
         {std::vector<std::string>{"search", "chair", "--index", file_},
          {"eval", "search", queries, "--index", file_}}) {
      words.insert(words.end(), options.begin(), options.end());
      const Outcome run = run_blip(words);
      EXPECT_EQ(run.exit_code, 2) << words[0] << " " << options[0];
      EXPECT_THAT(run.err, HasSubstr("is for photos")) << words[0] << " " << options[0];
    }
  }
  EXPECT_EQ(run_blip({"search", "chair", "--index", file_, "--exact"}).exit_code, 2);
}

TEST_F(Catalogue, IsJudged) {
  ASSERT_EQ(index().exit_code, 0);
  const std::string queries =
      folder_.file("queries.jsonl", R"({"query":"chair","items":{"2":2,"1":1,"3":1}})"
                                    "\n"
                                    R"({"query":"kitchens","items":["1"]})"
                                    "\n"
                                    R"({"query":"nothing of it","photo":"p/4.png","items":["4"]})");
  const auto scores = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"eval", "search",   queries, "--index",
                                      file_,  "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return Json::parse(run.out);
  };
  const Json titles = scores({"--titles-only"});
  EXPECT_EQ(titles["queries"], 3);
  EXPECT_NEAR(titles["recall@10"].get<double>(), 100.0 / 3, 1e-9);
  const Json words = scores({"--words-only"});
  EXPECT_NEAR(words["recall@1"].get<double>(), 200.0 / 3, 1e-9);
  EXPECT_GT(words["ndcg@10"], titles["ndcg@10"]);
  EXPECT_EQ(scores({})["recall@10"], 100);
  EXPECT_EQ(run_blip({"eval", "search", queries, "--index", file_, "--titles-only", "--words-only"})
                .exit_code,
            2);
  const std::string bad = folder_.file("bad.jsonl", R"({"query":"chair","items":{"2":0}})");
  EXPECT_THAT(run_blip({"eval", "search", bad, "--index", file_}).err,
              HasSubstr("bad.jsonl: query 1: a grade is a number above 0"));
}

}  // namespace
}  // namespace blip::testing
