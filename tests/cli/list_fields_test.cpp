// --from-file with a prompt, a question, a text or a statement for each image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string line(const Json& object) {
  return object.dump() + "\n";
}

TEST(ListFields, EachImageHasItsOwnPrompt) {
  const Folder folder;
  const std::string list =
      folder.file("list.jsonl", line({{"path", photo(0)}, {"prompt", "a photo of"}, {"id", 7}}) +
                                    "\n" + line({{"path", photo(1)}, {"prompt", nullptr}}) +
                                    line({{"file_name", photo(0)}, {"prompt", "the man"}}));
  const Outcome run = run_blip({"caption", "--from-file", list, "-f", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto records = json_lines(run.out);
  ASSERT_EQ(records.size(), 3U);
  const auto alone = [](std::size_t number, const std::string& prompt) {
    std::vector<std::string> words = {"caption", photo(number)};
    if (!prompt.empty()) words.insert(words.end(), {"--prompt", prompt});
    return run_blip(words).out;
  };
  const std::vector<std::pair<std::size_t, std::string>> expected = {
      {0, "a photo of"}, {1, ""}, {0, "the man"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& [number, prompt] = expected[i];
    EXPECT_EQ(records[i]["path"], photo(number));
    EXPECT_EQ(records[i]["prompt"], prompt);
    EXPECT_EQ(records[i]["caption"].get<std::string>() + "\n", alone(number, prompt));
  }
  // A line without one takes that of the command line, whatever the format.
  const std::string tsv = folder.file(
      "list.tsv", photo(0) + "\ta photo of\n" + photo(1) + "\n" + photo(0) + "\tthe man\r\n");
  const Outcome text = run_blip({"caption", "--from-file", tsv, "--prompt", "a"});
  EXPECT_EQ(text.out, photo(0) + ": " + alone(0, "a photo of") + photo(1) + ": " + alone(1, "a") +
                          photo(0) + ": " + alone(0, "the man"));
}

TEST(ListFields, AHeaderSaysWhereTheFieldsOfATsvAre) {
  const Folder folder;
  const std::string tsv = folder.file("list.tsv", "id\tprompt\tpath\n");
  EXPECT_EQ(run_blip({"caption", "--from-file", tsv}).exit_code, 1) << "no field path comes first";
  const std::string good =
      folder.file("good.tsv", "path\tid\tprompt\n" + photo(0) + "\t7\ta photo of\n");
  EXPECT_THAT(run_blip({"caption", "--from-file", good}).out,
              StartsWith(photo(0) + ": a photo of"));
}

TEST(ListFields, ComeThroughAPipeIfTheFormatIsNamed) {
  const Outcome run =
      run_blip({"caption", "--from-file", "-", "--list-format", "jsonl", "--strip-prompt"},
               {.input = line({{"path", photo(0)}, {"prompt", "a photo of"}})});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.find("a photo of"), std::string::npos);
  EXPECT_THAT(run.out, StartsWith(photo(0) + ": "));
}

TEST(ListFields, AFolderInAListGivesAllItsImagesItsPrompt) {
  const Folder folder;
  const std::string list =
      folder.file("list.jsonl", line({{"path", photo_folder()}, {"prompt", "a photo of"}}));
  const Outcome run = run_blip({"caption", "--from-file", list, "-f", "jsonl"});
  const auto records = json_lines(run.out);
  EXPECT_GT(records.size(), 3U);
  for (const Json& record : records) {
    EXPECT_THAT(record["caption"].get<std::string>(), StartsWith("a photo of"));
  }
}

TEST(ListFields, APromptThatIsTooLongFailsItsImageAlone) {
  const Folder folder;
  std::string prompt;
  for (int i = 0; i < 600; ++i) prompt += "dog ";
  const std::string list =
      folder.file("list.jsonl", line({{"path", photo(0)}, {"prompt", prompt}}) +
                                    line({{"path", photo(1)}, {"prompt", "a"}}));
  const Outcome run = run_blip({"caption", "--from-file", list});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, StartsWith(photo(1) + ": a"));
  EXPECT_THAT(run.err, HasSubstr(photo(0) + ": the prompt has"));
  const Outcome options = run_blip({"caption", "--from-file", list, "--num-captions", "2"});
  EXPECT_EQ(options.exit_code, 2);
  EXPECT_EQ(std::count(options.err.begin(), options.err.end(), '\n'), 1) << options.err;
}

TEST(ListFields, EachImageIsAskedItsOwnQuestion) {
  const Folder folder;
  const std::string woman = "where is the woman sitting?";
  const std::string dogs = "How many dogs are in the picture?";
  const std::string list = folder.file(
      "list.jsonl", line({{"path", photo(0)}, {"question", woman}}) + line({{"path", photo(3)}}) +
                        line({{"path", photo(0)}, {"question", dogs}}));
  const auto ask = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"ask", "-m", task_model("vqa")});
    return run_blip(words);
  };
  const Outcome run = ask({"--from-file", list, "--question", dogs});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto expected = [&](std::size_t number, const std::string& question) {
    return photo(number) + ": " + question + ": " + ask({photo(number), question}).out;
  };
  EXPECT_EQ(run.out, expected(0, woman) + expected(3, dogs) + expected(0, dogs));

  const Outcome without = ask({"--from-file", list});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_EQ(without.err, "blip: " + list + ": line 2: has no \"question\"\n");
}

TEST(ListFields, AnInterruptedRunIsResumedByImageAndQuestion) {
  const Folder folder;
  std::string list;
  for (const std::size_t number : {0, 3}) {
    for (const char* question : {"what is this?", "how many cats?", "where?"}) {
      list += line({{"path", photo(number)}, {"question", question}});
    }
  }
  for (const char* ending : {"jsonl", "csv", "txt"}) {
    const std::string out = folder / ("out." + std::string(ending));
    const std::vector<std::string> words = {
        "ask",     "-m",      task_model("vqa"), "--from-file", folder.file("list.jsonl", list),
        "--beams", "2",       "--num-answers",   "2",           "--output",
        out,       "--resume"};
    ASSERT_EQ(run_blip(words).exit_code, 0);
    const std::string finished = read_file(out);
    for (std::size_t kept = 0; kept <= finished.size(); kept += 173) {
      SCOPED_TRACE(out + std::to_string(kept));
      write_file(out, finished.substr(0, kept));
      ASSERT_EQ(run_blip(words).exit_code, 0);
      expect_same_to_rounding(read_file(out), finished);
    }
  }
}

TEST(ListFields, EachImageIsMatchedWithItsOwnText) {
  const Folder folder;
  const std::string list =
      folder.file("list.tsv", photo(0) + "\ta cat\n" + photo(1) + "\ta stop sign\n");
  const auto match = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"match", "-m", task_model("itm"), "-f", "jsonl"});
    return run_blip(words);
  };
  const Outcome run = match({"--from-file", list});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  expect_same_to_rounding(run.out,
                          match({photo(0), "a cat"}).out + match({photo(1), "a stop sign"}).out);
}

TEST(ListFields, EachPairIsJudgedByItsOwnStatement) {
  const Folder folder;
  const std::string missing = folder / "missing.png";
  const std::string list = folder.file(
      "pairs.jsonl",
      line({{"left", photo(0)}, {"right", photo(1)}, {"statement", "no person is sitting"}}) +
          line({{"left", missing}, {"right", photo(1)}, {"statement", "a cat"}}) +
          line({{"left", photo(1)}, {"right", photo(0)}}));
  const auto reason = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"reason", "-m", task_model("nlvr"), "-f", "jsonl"});
    return run_blip(words);
  };
  const Outcome run = reason({"--from-file", list, "a bird"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, StartsWith("blip: " + missing + ": "));
  EXPECT_EQ(run.out, reason({photo(0), photo(1), "no person is sitting"}).out +
                         reason({photo(1), photo(0), "a bird"}).out);
  EXPECT_EQ(reason({"--from-file", list}).exit_code, 2);
  EXPECT_EQ(reason({"--from-file", folder.file("names.txt", photo(0))}).exit_code, 2);
}

TEST(ListFields, AnOutputIsAListWhateverItsNamesAre) {
  const Folder folder;
  for (const char* name : {"in/M\xf6ller.png", "in/100%\xff.png", "in/caf\xc3\xa9 1%41.png"}) {
    folder.picture(name);
  }
  const std::string out = folder / "out.jsonl";
  ASSERT_EQ(run_blip({"caption", folder / "in", "-o", out}).exit_code, 0);
  const Outcome again = run_blip({"caption", "--from-file", out, "-f", "jsonl"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const auto first = json_lines(read_file(out));
  const auto second = json_lines(again.out);
  ASSERT_EQ(second.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(second[i]["path"], first[i]["path"]);
    EXPECT_EQ(second[i]["caption"], first[i]["caption"]);
  }
}

TEST(ListFields, ALineThatIsWrongIsTwoAndNamed) {
  const Folder folder;
  const auto error_of = [&](const std::string& name, const std::string& content) {
    const Outcome run = run_blip({"caption", "--from-file", folder.file(name, content)});
    EXPECT_EQ(run.exit_code, 2) << content;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    return run.err;
  };
  const std::string good = line({{"path", photo(0)}});
  EXPECT_THAT(error_of("a.jsonl", good + "\nphoto.jpg\n"), HasSubstr("a.jsonl: line 3: not valid"));
  EXPECT_THAT(error_of("a.jsonl", "[]\n"), HasSubstr("line 1: expected a JSON object"));
  EXPECT_THAT(error_of("a.jsonl", "{\"prompt\": \"a\"}\n"), HasSubstr("line 1: has no \"path\""));
  EXPECT_THAT(error_of("a.jsonl", line({{"path", ""}})), HasSubstr("an empty \"path\""));
  EXPECT_THAT(error_of("a.jsonl", line({{"path", 3}})), HasSubstr("path must be text, not 3"));
  EXPECT_THAT(error_of("a.jsonl", line({{"path", "a"}, {"prompt", false}})),
              HasSubstr("prompt must be text"));
  EXPECT_THAT(error_of("a.jsonl", line({{"path", std::string("a\0b", 3)}})), HasSubstr("NUL"));
  EXPECT_THAT(error_of("a.jsonl", "{\"path\": \"caf\xe9\"}\n"), HasSubstr("line 1: not valid"));
  EXPECT_THAT(error_of("a.tsv", "\ta cat\n"), HasSubstr("line 1: has an empty \"path\""));
  EXPECT_EQ(run_blip({"ask", photo(0), "--from-file", folder.file("q.jsonl", good), "--question",
                      "a?", "--question", "b?"})
                .exit_code,
            2);
  EXPECT_EQ(run_blip({"caption", "--from-file", folder.file("a.tsv", "a"), "--null",
                      "--list-format", "tsv"})
                .exit_code,
            2);
}

}  // namespace
}  // namespace blip::testing
