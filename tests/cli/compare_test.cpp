// blip compare, with the small random models of tests/tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "blip/image.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

Outcome compare(std::vector<std::string> words, const RunOptions& options = {}) {
  words.insert(words.begin(), "compare");
  for (const char* word : {"--answerer", "vqa", "--matcher", "itm"}) {
    words.emplace_back(word[0] == '-' ? word : task_model(word));
  }
  words.insert(words.end(), {"--classifier", "none"});
  return run_blip(words, options);
}

const Json& task_of(const Json& comparison, const std::string& name) {
  for (const Json& model : comparison.at("models")) {
    for (const Json& task : model.at("tasks")) {
      if (task.at("task") == name) return task;
    }
  }
  throw std::runtime_error("no task " + name);
}

TEST(CompareCommand, SaysWhatTheOtherCommandsSay) {
  const Outcome outcome = compare({photo(0), "two cats", "-f", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json comparison = Json::parse(outcome.out);
  EXPECT_EQ(comparison.at("path"), photo(0));
  ASSERT_EQ(comparison.at("models").size(), 3U);

  const std::string caption = task_of(comparison, "caption").at("results").at(0).at("text");
  EXPECT_EQ(run_blip({"caption", photo(0), "--beams", "3", "--max-new-tokens", "30"}).out,
            caption + "\n");
  EXPECT_EQ(task_of(comparison, "answer").at("asked"), "what is in the picture?");
  EXPECT_EQ(run_blip({"ask", photo(0), "what is in the picture?", "-m", task_model("vqa")}).out,
            task_of(comparison, "answer").at("results").at(0).at("text").get<std::string>() + "\n");

  const Json matches = Json::parse(run_blip({"match", photo(0), "two cats", caption, "-m",
                                             task_model("itm"), "--format", "json"})
                                       .out);
  const Json& results = task_of(comparison, "match").at("results");
  ASSERT_EQ(results.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results.at(i).at("text"), matches.at(i).at("text"));
    EXPECT_NEAR(results.at(i).at("itm"), matches.at(i).at("itm"), 1e-6);
    EXPECT_NEAR(results.at(i).at("itc"), matches.at(i).at("itc"), 1e-6);
  }
  for (const Json& model : comparison.at("models")) {
    EXPECT_EQ(model.at("system"), "BLIP");
    EXPECT_GT(model.at("parameters"), 1000);
    EXPECT_TRUE(model.at("memory_bytes").is_number_unsigned());
    EXPECT_GT(model.at("run_seconds"), 0.0);
  }
}

// Any model that embeds images and texts may have CLIP's place, and is called by its name.
TEST(CompareCommand, TagsWithWhatHasClipsPlace) {
  const Outcome outcome = compare(
      {photo(0), "--matcher", "none", "--clip", task_model("itm"), "--top", "3", "-f", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json comparison = Json::parse(outcome.out);
  const Json tags = Json::parse(
      run_blip({"tag", photo(0), "-m", task_model("itm"), "--top", "3", "--format", "json"}).out);
  const Json& results = task_of(comparison, "tags").at("results");
  ASSERT_FALSE(results.empty());
  ASSERT_EQ(results.size(), tags.at(0).at("tags").size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results.at(i).at("text"), tags.at(0).at("tags").at(i));
  }
  EXPECT_EQ(comparison.at("models").back().at("system"), "BLIP");
}

TEST(CompareCommand, ClassifiesAsClassifyDoes) {
  const Outcome outcome = run_blip({"compare", photo(0), "--captioner", "none", "--answerer",
                                    "none", "--matcher", "none", "--top", "2", "-f", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json comparison = Json::parse(outcome.out);
  EXPECT_EQ(comparison.at("models").at(0).at("system"), "EfficientNet");
  const Json classes =
      Json::parse(run_blip({"classify", photo(0), "--top", "2", "--format", "json"}).out);
  const Json& results = task_of(comparison, "classes").at("results");
  ASSERT_EQ(results.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results.at(i).at("text"), classes.at(0).at("labels").at(i).at("label"));
    EXPECT_NEAR(results.at(i).at("probability"), classes.at(0).at("labels").at(i).at("score"),
                1e-6);
  }
}

TEST(CompareCommand, DrawsTheCaptionAndJudgesThePicture) {
  const TemporaryDirectory directory;
  const std::string page = (directory.path() / "page.html").string();
  const std::string drawing = (directory.path() / "drawing.png").string();
  const Outcome outcome = compare(
      {photo(0), "a <b>cat</b>", "--draw", drawing_model(), "--drawing", drawing, "-o", page});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Image::open(drawing).width(), 16);
  const std::string html = read_file(page);
  const std::string caption = Json::parse(
      compare({photo(0), "-f", "json"}).out)["models"][0]["tasks"][0]["results"][0]["text"];
  const Json match = Json::parse(
      run_blip({"match", drawing, caption, "-m", task_model("itm"), "--format", "json"}).out);
  EXPECT_THAT(html, HasSubstr("picture of “" + caption));
  const std::string score = "blip_itc ";
  ASSERT_THAT(html, HasSubstr(score));
  EXPECT_NEAR(std::stof(html.substr(html.rfind(score) + score.size())),
              match.at(0).at("itc").get<float>(), 1e-4);
  EXPECT_THAT(html, AllOf(HasSubstr("a &lt;b&gt;cat&lt;/b&gt;"), Not(HasSubstr("<b>")),
                          HasSubstr("data:image/jpeg;base64,"), Not(HasSubstr("http:")),
                          Not(HasSubstr("https:"))));
}

TEST(CompareCommand, AModelThatFailsIsNamedAndTheOthersGoOn) {
  const Outcome outcome = compare({photo(0), "--clip", task_model("vqa")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(task_model("vqa")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("BLIP"), HasSubstr("caption"), HasSubstr("failed")));
}

TEST(CompareCommand, CallsAModelOfTheHubsCacheByItsRepository) {
  const TemporaryDirectory directory;
  const std::filesystem::path snapshots = directory.path() / "models--someone--vit" / "snapshots";
  std::filesystem::create_directories(snapshots);
  std::filesystem::create_directory_symlink(task_model("vqa"), snapshots / "0123abcd");
  const auto name_of = [](const std::string& model) {
    const Outcome run = run_blip({"compare", photo(0), "--captioner", "none", "--matcher", "none",
                                  "--classifier", "none", "--answerer", model, "-f", "json"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return Json::parse(run.out).at("models").at(0).at("name");
  };
  EXPECT_EQ(name_of((snapshots / "0123abcd").string()), "someone/vit");
  EXPECT_EQ(name_of(task_model("vqa") + "/"), "vqa");
}

TEST(CompareCommand, RefusesWhatCannotBe) {
  const auto expect_refused = [](std::vector<std::string> words, const std::string& part) {
    const Outcome outcome = compare(std::move(words));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(part));
  };
  expect_refused({}, "no image given");
  expect_refused({"nothing.jpg"}, "nothing.jpg");
  expect_refused({photo(0), "--drawing", "x.png"}, "--drawing needs --draw");
  expect_refused({photo(0), "--draw", "model", "--drawing", "x.npy"}, "writes a picture");
  expect_refused({photo(0), "--clip", "/nothing/here"}, "/nothing/here");
  expect_refused({photo(0), "-o", "/nothing/here/x.html"}, "there is no folder /nothing/here");
  EXPECT_THAT(run_blip({"compare", photo(0), "--captioner", "none", "--draw", drawing_model()}).err,
              HasSubstr("--captioner none"));
  EXPECT_EQ(run_blip({"compare", photo(0), "--captioner", "none", "--answerer", "none", "--matcher",
                      "none", "--classifier", "none"})
                .exit_code,
            2);
}

}  // namespace
}  // namespace blip::testing
