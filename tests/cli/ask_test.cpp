// `blip ask`: the reference's answers, the grammar of images and questions, and every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr const char* kDogs = "How many dogs are in the picture?";
constexpr const char* kWoman = "where is the woman sitting?";

Outcome ask(std::vector<std::string> words) {
  words.insert(words.begin(), {"ask", "--model", task_model("vqa"), "--no-exif-rotation"});
  return run_blip(words);
}

// One greedy answer of the reference in the style hf.
std::string expected_answer(std::size_t photo_number, const std::string& question) {
  for (const Json& one : expectations("vqa").at("cases")) {
    if (one.at("photo") == photo_number && one.at("question") == question &&
        one.at("style") == "hf") {
      return one.at("generated").at(0).at("text");
    }
  }
  throw std::runtime_error("no such case");
}

// For every case of a style, the record of `blip ask` with `options`.
template <typename Check>
void for_each_case(const std::string& style, const std::vector<std::string>& options,
                   const Check& check) {
  std::size_t checked = 0;
  for (const Json& one : expectations("vqa").at("cases")) {
    if (one.at("style") != style) continue;
    std::vector<std::string> words = {photo(one.at("photo")),
                                      one.at("question"),
                                      "--vqa-style",
                                      style,
                                      "--image-size",
                                      "32",
                                      "--format",
                                      "jsonl"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome run = ask(words);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto records = json_lines(run.out);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0]["path"], photo(one.at("photo")));
    EXPECT_EQ(records[0]["question"], one.at("question"));
    check(one, records[0]);
    ++checked;
  }
  EXPECT_GE(checked, 8U);
}

TEST(Ask, AnswersAsTransformersDoes) {
  for_each_case("hf", {}, [](const Json& one, const Json& record) {
    EXPECT_EQ(record["answer"], one["generated"][0]["text"]) << one["question"];
  });
  for_each_case("hf", {"--beams", "3"}, [](const Json& one, const Json& record) {
    EXPECT_EQ(record["answer"], one["generated"][1]["text"]) << one["question"];
  });
}

TEST(Ask, AnswersInTheOriginalStyleWithItsOwnDefaults) {
  for_each_case("original", {}, [](const Json& one, const Json& record) {
    ASSERT_EQ(one["generated"][2]["options"]["num_beams"], 3);
    EXPECT_EQ(record["answer"], one["generated"][2]["text"]) << one["question"];
  });
}

TEST(Ask, TheOriginalStyleTakesImagesOf480PixelsUnlessToldOtherwise) {
  const auto original = [](std::vector<std::string> more) {
    more.insert(more.begin(), {photo(0), "a stop sign", "--vqa-style", "original"});
    return ask(more).out;
  };
  EXPECT_EQ(original({}), original({"--image-size", "480"}));
  EXPECT_NE(original({}), original({"--image-size", "32"}));
}

TEST(Ask, RanksAListOfAnswersAsThePaperDoes) {
  const Folder folder;
  const auto& answers = expectations("vqa").at("answers");
  std::string list;
  for (const Json& answer : answers) list += answer.get<std::string>() + "\n";
  const std::string file = folder.file("answers.txt", list);
  for (const char* style : {"hf", "original"}) {
    for_each_case(style, {"--answers", file, "--top", "99"}, [&](const Json& one, const Json& got) {
      const Json& ranked = one["ranked"][1];
      ASSERT_EQ(got["answers"].size(), answers.size());
      for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(got["answers"][i]["answer"], answers[ranked["order"][i].get<std::size_t>()]);
        EXPECT_NEAR(got["answers"][i]["score"], ranked["scores"][i].get<double>(), 2e-4);
      }
      EXPECT_EQ(got["answer"], got["answers"][0]["answer"]);
      EXPECT_EQ(got["score"], got["answers"][0]["score"]);
    });
  }
}

TEST(Ask, ScoresAsAWholeOnlyTheLikeliestByTheirFirstToken) {
  const Folder folder;
  const auto& answers = expectations("vqa").at("answers");
  std::string list;
  for (const Json& answer : answers) list += answer.get<std::string>() + "\n";
  const std::string file = folder.file("answers.txt", list);
  std::size_t others = 0;
  for (const Json& one : expectations("vqa").at("cases")) {
    const Json& few = one["ranked"][0];
    const Outcome run =
        ask({photo(one["photo"]), one["question"], "--vqa-style", one["style"], "--image-size",
             "32", "--answers", file, "--rank-k", std::to_string(few["k"].get<int>())});
    const std::string best = answers[few["order"][0].get<std::size_t>()];
    EXPECT_EQ(run.out, best + "\n") << one["question"];
    if (few["order"][0] != one["ranked"][1]["order"][0]) ++others;
  }
  EXPECT_GT(others, 0U) << "a cut that never changes the answer proves nothing";
}

TEST(Ask, OneQuestionPrintsItsAnswerAlone) {
  const Outcome run = ask({photo(0), kWoman});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, expected_answer(0, kWoman) + "\n");
  EXPECT_EQ(run.err, "");
}

TEST(Ask, SeveralQuestionsAndSeveralImagesSayWhatTheAnswerIsTo) {
  const std::string dogs = std::string(kDogs) + ": " + expected_answer(0, kDogs) + "\n";
  const std::string woman = std::string(kWoman) + ": " + expected_answer(0, kWoman) + "\n";
  EXPECT_EQ(ask({photo(0), kDogs, kWoman}).out, dogs + woman);
  EXPECT_EQ(ask({"--question", kDogs, photo(0), "--question", kWoman}).out, dogs + woman);
  EXPECT_EQ(ask({"--question", kDogs, photo(0), photo(3)}).out,
            photo(0) + ": " + expected_answer(0, kDogs) + "\n" + photo(3) + ": " +
                expected_answer(3, kDogs) + "\n");
  const std::string both = ask({"--question", kDogs, "--question", kWoman, photo_folder()}).out;
  EXPECT_THAT(both, StartsWith(photo(0) + ": " + dogs + photo(0) + ": " + woman));
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 12);
}

TEST(Ask, QuestionsComeFromAFileOrStandardInput) {
  const Folder folder;
  const std::string file =
      folder.file("questions", std::string(kDogs) + "\r\n\n" + kWoman);  // no final line end
  const std::string two = ask({photo(0), "--question", kDogs, "--question", kWoman}).out;
  EXPECT_EQ(ask({photo(0), "--questions", file}).out, two);
  const Outcome piped = run_blip({"ask", "-m", task_model("vqa"), photo(0), "--questions", "-"},
                                 {.input = read_file(file)});
  EXPECT_EQ(piped.out, two);
}

TEST(Ask, JsonlCsvAndTheirFailures) {
  const Folder folder;
  const std::string missing = folder / "missing.png";
  const Outcome jsonl =
      ask({missing, photo(0), "--question", kDogs, "--question", kWoman, "--format", "jsonl"});
  EXPECT_EQ(jsonl.exit_code, 1);
  EXPECT_THAT(jsonl.err, StartsWith("blip: " + missing + ": "));
  const auto records = json_lines(jsonl.out);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0]["path"], missing);
  EXPECT_TRUE(records[0].contains("error"));
  EXPECT_EQ(records[1]["path"], photo(0));
  EXPECT_EQ(records[1]["question"], kDogs);
  EXPECT_EQ(records[1]["answer"], expected_answer(0, kDogs));
  EXPECT_EQ(records[2]["question"], kWoman);
  const Outcome csv = ask({missing, photo(0), "--question", "a, b?", "--format", "csv"});
  EXPECT_THAT(csv.out,
              StartsWith("path,question,answer,log_probability,mean_log_probability,error\r\n" +
                         missing + ",,,,,"));
  EXPECT_THAT(csv.out, HasSubstr(photo(0) + ",\"a, b?\","));
  EXPECT_THAT(csv.out, EndsWith(",\r\n"));
}

TEST(Ask, SeveralAnswersPerQuestion) {
  const std::vector<std::string> words = {photo(0), kWoman, "--beams", "3", "--num-answers", "2"};
  const auto with = [&](const char* format) {
    auto all = words;
    all.insert(all.end(), {"--format", format});
    return ask(all).out;
  };
  const Json record = Json::parse(with("jsonl"));
  ASSERT_EQ(record["answers"].size(), 2U);
  EXPECT_EQ(record["answer"], record["answers"][0]);
  EXPECT_EQ(with("text"), record["answers"][0].get<std::string>() + "\n" +
                              record["answers"][1].get<std::string>() + "\n");
}

TEST(Ask, BatchesAndQuestionsTogetherChangeNothing) {
  const std::vector<std::string> words = {"--question",   kDogs,      "--question", kWoman,
                                          photo_folder(), "--format", "jsonl"};
  const std::string whole = ask(words).out;
  for (const char* batch : {"1", "4"}) {
    auto more = words;
    more.insert(more.end(), {"--batch", batch});
    expect_same_to_rounding(ask(more).out, whole);
  }
}

TEST(Ask, TheSameSeedSaysTheSameWhateverTheBatchOrShard) {
  const auto sampled = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"--question", kDogs, "--question", kWoman, photo_folder(),
                               "--sample", "--temperature", "2"});
    return ask(more).out;
  };
  const std::string whole = sampled({"--seed", "1"});
  EXPECT_EQ(sampled({"--seed", "1", "--batch", "1"}), whole);
  EXPECT_NE(sampled({"--seed", "2"}), whole);
  const std::string part = sampled({"--seed", "1", "--shard", "2/3"});
  EXPECT_EQ(std::count(part.begin(), part.end(), '\n'), 4);
  for (std::size_t at = 0, end = 0; (end = part.find('\n', at)) != std::string::npos;
       at = end + 1) {
    EXPECT_THAT(whole, HasSubstr(part.substr(at, end + 1 - at)));
  }
}

class AskResume : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Formats, AskResume, ::testing::Values("text", "jsonl", "csv"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(AskResume, ARunCutAtAnyByteEndsAsIfItHadNotBeen) {
  const Folder folder;
  const std::string out = folder / "out";
  // The answer to the first is empty for two of the photos, which is an answer all the same.
  const std::vector<std::string> words = {"--question",
                                          "What color is the cat?",
                                          "--question",
                                          kWoman,
                                          photo_folder(),
                                          "--format",
                                          GetParam(),
                                          "-o",
                                          out,
                                          "--resume"};
  EXPECT_EQ(ask(words).exit_code, 0);
  const std::string finished = read_file(out);
  EXPECT_THAT(finished, HasSubstr(photo(5)));
  for (std::size_t kept = 0; kept <= finished.size(); kept += 97) {
    write_file(out, finished.substr(0, kept));
    ASSERT_EQ(ask(words).exit_code, 0) << kept;
    SCOPED_TRACE(kept);
    expect_same_to_rounding(read_file(out), finished);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(AskResumeJsonl, AFileOfOtherQuestionsIsRefusedAndKept) {
  const Folder folder;
  for (const std::string& out : {folder / "out.jsonl", folder / "out.csv"}) {
    const auto with = [&](const std::vector<std::string>& questions) {
      std::vector<std::string> words = {photo_folder(), "-o", out, "--resume"};
      for (const std::string& question : questions) {
        words.insert(words.end(), {"--question", question});
      }
      return ask(words);
    };
    EXPECT_EQ(with({kDogs}).exit_code, 0);
    const std::string finished = read_file(out);
    for (const auto& questions : {std::vector<std::string>{kWoman}, {kDogs, kWoman}}) {
      const Outcome run = with(questions);
      EXPECT_EQ(run.exit_code, 2) << run.err;
      EXPECT_THAT(run.err, HasSubstr("other things were asked"));
      EXPECT_EQ(read_file(out), finished);
    }
  }
}

TEST(Ask, AnInterruptedRunClosesTheJsonArray) {
  BackgroundBlip blip({"ask", "-m", task_model("vqa"), "--question", kDogs, "--question", kWoman,
                       "--from-file", "-", "--batch", "1", "--format", "json"});
  blip.type(photo(0) + "\n");
  std::string printed;
  for (int i = 0; i < 2; ++i) printed += blip.read_line() + "\n";  // "[", the first record
  blip.signal(SIGINT);  // its list is still open: it would wait for more
  const Outcome run = blip.wait();
  EXPECT_FALSE(run.killed);
  EXPECT_EQ(run.exit_code, 128 + SIGINT);
  EXPECT_EQ(Json::parse(printed + run.out).size(), 2U);
}

TEST(Ask, AModelForSomethingElseIsTwoAndSaysWhatItIsFor) {
  const Outcome run = run_blip({"ask", "-m", "nano", photo(0), kDogs});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("nano"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
}

TEST(Ask, WrongUsageIsTwoWithOneLine) {
  const Folder folder;
  const std::string list = folder.file("list", "yes\nno\n");
  const std::vector<std::vector<std::string>> cases = {
      {},
      {photo(0)},
      {"--question", kDogs},
      {"--from-file", list, kDogs},
      {photo(0), "--questions", folder.file("empty", "\n\n")},
      {photo(0), "--questions", folder / "missing"},
      {"--from-file", "-", "--questions", "-"},
      {photo(0), kDogs, "--vqa-style", "new"},
      {photo(0), kDogs, "--top", "3"},
      {photo(0), kDogs, "--rank-k", "3"},
      {photo(0), kDogs, "--answers", list, "--beams", "3"},
      {photo(0), kDogs, "--answers", list, "--sample"},
      {photo(0), kDogs, "--answers", folder / "missing"},
      {photo(0), kDogs, "--num-answers", "2"},
      {photo(0), kDogs, "--resume"},
      {photo(0), kDogs, "--format", "npy"},
  };
  for (const auto& words : cases) {
    const Outcome run = ask(words);
    const std::string shown = ::testing::PrintToString(words) + " " + run.err;
    EXPECT_EQ(run.exit_code, 2) << shown;
    EXPECT_EQ(run.out, "") << shown;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << shown;
    EXPECT_EQ(run.err.find("num_"), std::string::npos) << "a library name: " << shown;
  }
}

}  // namespace
}  // namespace blip::testing
