// `blip rank`: what the scores of the reference make of a folder and of a list of texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <numeric>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome rank(std::vector<std::string> words) {
  words.insert(words.begin(), {"rank", "--model", task_model("itm"), "--no-exif-rotation"});
  return run_blip(words);
}

// What two numbers of every candidate say about the order of all.
struct Scores {
  std::vector<double> itc;
  std::vector<double> logit;

  // The `candidates` with the highest cosine, by the sum of both.
  [[nodiscard]] std::vector<std::size_t> order(std::size_t candidates) const {
    std::vector<std::size_t> all(itc.size());
    std::iota(all.begin(), all.end(), 0);
    std::sort(all.begin(), all.end(), [&](auto a, auto b) { return itc[a] > itc[b]; });
    all.resize(std::min(candidates, all.size()));
    std::sort(all.begin(), all.end(),
              [&](auto a, auto b) { return itc[a] + logit[a] > itc[b] + logit[b]; });
    return all;
  }
};

std::vector<Json> cases_in(const std::string& style) {
  std::vector<Json> cases;
  for (const Json& one : expectations("itm").at("cases")) {
    if (one["style"] == style && one["text"].get<std::string>().size() < 120) cases.push_back(one);
  }
  return cases;
}

void expect_ranking(const Outcome& run, const Scores& scores, std::size_t candidates,
                    const std::string& field, const std::vector<std::string>& names) {
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto records = json_lines(run.out);
  const auto order = scores.order(candidates);
  ASSERT_EQ(records.size(), order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(records[i][field], names[order[i]]) << i;
    EXPECT_NEAR(records[i]["itc"], scores.itc[order[i]], 2e-5);
    EXPECT_NEAR(records[i]["score"], scores.itc[order[i]] + scores.logit[order[i]], 1e-4);
  }
}

TEST(Rank, ImagesForATextAsThePaperDoes) {
  std::vector<std::string> photos;
  for (std::size_t i = 0; i < 6; ++i) photos.push_back(photo(i));
  for (const char* style : {"hf", "original"}) {
    for (const Json& one : cases_in(style)) {
      Scores scores{.itc = one["itc"], .logit = {}};
      for (const Json& logits : one["itm_logits"]) scores.logit.push_back(logits[1]);
      for (const std::size_t candidates : {1U, 2U, 4U, 256U}) {
        const Outcome run =
            rank({one["text"], photo_folder(), "--rank-k", std::to_string(candidates), "--batch",
                  "2", "--style", style, "--format", "jsonl"});
        expect_ranking(run, scores, candidates, "path", photos);
      }
    }
  }
}

TEST(Rank, TextsForAnImageAsThePaperDoes) {
  const auto cases = cases_in("hf");
  std::vector<std::string> texts;
  std::string list;
  for (const Json& one : cases) {
    texts.push_back(one["text"]);
    list += texts.back() + "\n";
  }
  const Folder folder;
  const std::string file = folder.file("texts", list);
  for (std::size_t image = 0; image < 6; ++image) {
    Scores scores;
    for (const Json& one : cases) {
      scores.itc.push_back(one["itc"][image]);
      scores.logit.push_back(one["itm_logits"][image][1]);
    }
    for (const std::size_t candidates : {2U, 3U, 256U}) {
      const Outcome run = rank(
          {photo(image), "--texts", file, "-k", std::to_string(candidates), "--format", "jsonl"});
      expect_ranking(run, scores, candidates, "text", texts);
    }
  }
}

TEST(Rank, WithoutRerankingTheCosineDecides) {
  const Json one = cases_in("hf").front();
  const auto records =
      json_lines(rank({one["text"], photo_folder(), "--no-rerank", "--format", "jsonl"}).out);
  ASSERT_EQ(records.size(), 6U);
  std::vector<double> expected = one["itc"];
  std::sort(expected.rbegin(), expected.rend());
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(records[i]["itc"], expected[i], 2e-5);
    EXPECT_FALSE(records[i].contains("itm"));
  }
}

TEST(Rank, PrintsATableOfTheBest) {
  const Outcome run = rank({"stop sign", photo_folder(), "--top", "2"});
  EXPECT_EQ(run.out, "   score      itc     itm  path\n  0.0997   0.5301  0.7285  " + photo(5) +
                         "\n -1.0824   0.4980  0.6754  " + photo(4) + "\n");
  const Outcome texts = rank({photo(0), "--text", "stop sign", "--text", "A cat on the table."});
  EXPECT_EQ(texts.out,
            "   score      itc     itm  text\n"
            " -0.7094  -0.5136  0.1358  A cat on the table.\n"
            " -1.5136   0.5323  0.2654  stop sign\n");
  EXPECT_THAT(rank({photo(0), photo(1), "--text", "stop sign"}).out, StartsWith(photo(0) + ":  "));
}

TEST(Rank, CsvHasAColumnForEachScore) {
  const Outcome run = rank({"stop, sign", photo(0), "--format", "csv"});
  EXPECT_THAT(run.out, StartsWith("path,text,score,itc,itm\r\n" + photo(0) + ",\"stop, sign\","));
  EXPECT_THAT(rank({"a", photo(0), "--format", "csv", "--no-rerank"}).out,
              StartsWith("path,text,itc\r\n"));
}

TEST(Rank, BadImagesAreNamedAndLeftOut) {
  const Folder folder;
  const std::string bad = folder.file("bad.png", "no picture");
  for (const char* format : {"text", "json", "jsonl", "csv"}) {
    const Outcome run = rank({"a cat", bad, photo(0), "--format", format});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.err, StartsWith("blip: " + bad + ": "));
    EXPECT_THAT(run.out, HasSubstr(photo(0)));
    EXPECT_EQ(run.out.find(bad), std::string::npos) << run.out;
  }
  EXPECT_EQ(rank({"a cat", bad, "--format", "json"}).out, "[]\n");
}

TEST(Rank, TheSameImageTwiceKeepsItsPlaceInTheList) {
  const std::vector<std::string> words = {"a cat", photo(1), photo(0),   photo(1), photo(0),
                                          "-k",    "3",      "--format", "jsonl"};
  const std::string together = rank(words).out;
  ASSERT_EQ(json_lines(together).size(), 3U);
  std::vector<std::string> one_by_one = words;
  one_by_one.insert(one_by_one.end(), {"--batch", "1"});
  expect_same_to_rounding(rank(one_by_one).out, together);
}

TEST(Rank, WrongUsageIsTwo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"a cat"},
                                             {"--text", "a"},
                                             {"a", photo(0), "--rank-k", "0"},
                                             {"a", photo(0), "--resume"}}) {
    const Outcome run = rank(words);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
}

// Pictures that come through pipes tell how far the program is: with one thread and batches of one,
// it reads the third of them once the second picture before it has been ranked.
TEST(Rank, WhatIsRankedIsPrintedWhenTheRunIsInterrupted) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  std::string list = picture + "\n" + folder.picture("b.png", 2) + "\n";
  std::vector<std::string> pipes;
  for (std::uint32_t i = 0; i < 3; ++i) {
    pipes.push_back(folder / numbered("pipe", i));
    ASSERT_EQ(::mkfifo(pipes.back().c_str(), 0600), 0);
    list += pipes.back() + "\n";
  }
  BackgroundBlip blip({"rank", "a cat", "--from-file", "-", "--model", task_model("itm"), "--batch",
                       "1", "--threads", "1", "--format", "jsonl"});
  blip.type(list);
  for (const std::string& pipe : pipes) write_file(pipe, read_file(picture));
  blip.signal(SIGINT);  // its list is still open: it would wait for more
  const Outcome run = blip.wait();
  EXPECT_EQ(run.exit_code, 130);
  std::vector<std::string> names;
  double best = 1;
  for (const Json& record : json_lines(run.out)) {
    names.push_back(record["path"]);
    EXPECT_TRUE(record["score"].is_null()) << "the matching head has not seen it";
    EXPECT_LE(record["itc"], best);
    best = record["itc"];
  }
  EXPECT_THAT(names, ::testing::Contains(picture));
  EXPECT_THAT(names, ::testing::Contains(folder / "b.png"));
}

TEST(Rank, TheProgressCoversReRanking) {
  const Outcome run =
      run_on_terminal({"rank", "a cat", photo_folder(), "--model", task_model("itm")}, false);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("6 images in "));
  EXPECT_THAT(run.err, HasSubstr("6/6  "));
  EXPECT_THAT(run.err, HasSubstr("6 candidates in "));
}

}  // namespace
}  // namespace blip::testing
