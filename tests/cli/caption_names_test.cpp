// Names that are not UTF-8, and text files with byte order marks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

// The form of docs/troubleshooting.md back to the bytes of the name.
std::string name_of(const std::string& written) {
  if (!written.starts_with("file:")) return written;
  std::string name;
  for (std::size_t i = 5; i < written.size(); ++i) {
    if (written[i] != '%') {
      name += written[i];
      continue;
    }
    name += static_cast<char>(std::stoi(written.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return name;
}

std::multiset<std::string> paths_in(const std::string& jsonl) {
  std::multiset<std::string> paths;
  for (const nlohmann::json& object : json_lines(jsonl)) {
    paths.insert(name_of(object.at("path").get<std::string>()));
  }
  return paths;
}

std::multiset<std::string> paths_in_array(const std::string& json) {
  std::multiset<std::string> paths;
  for (const auto& object : nlohmann::json::parse(json)) {
    paths.insert(name_of(object.at("path").get<std::string>()));
  }
  return paths;
}

// Of names without commas and quotation marks.
std::multiset<std::string> paths_in_csv(const std::string& csv) {
  std::multiset<std::string> paths;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) paths.insert(name_of(line.substr(0, line.find(','))));
  return paths;
}

class OddNames : public ::testing::Test {
 protected:
  OddNames() {
    for (const char* name :
         {"M\xf6ller.png", "M\xfcller.png", "100%\xff.png", "M\xc3\xb6ller.png"}) {
      written_.insert(folder_.picture(std::string("in/") + name));
    }
  }

  Folder folder_;
  std::multiset<std::string> written_;
};

TEST_F(OddNames, AreRecoverableFromJsonAndCsv) {
  const std::string jsonl = run_blip({"caption", folder_ / "in", "-f", "jsonl"}).out;
  EXPECT_EQ(paths_in(jsonl), written_);
  EXPECT_THAT(jsonl, HasSubstr("M%F6ller.png\""));
  EXPECT_THAT(jsonl, HasSubstr("100%25%FF.png\""));
  EXPECT_THAT(jsonl, HasSubstr("/in/M\xc3\xb6ller.png\""));  // UTF-8 stays as it is
  EXPECT_EQ(paths_in_array(run_blip({"caption", folder_ / "in", "-f", "json"}).out), written_);
  EXPECT_EQ(paths_in_csv(run_blip({"caption", folder_ / "in", "-f", "csv"}).out), written_);
}

TEST_F(OddNames, ResumeDoesEachOnce) {
  for (const char* ending : {"jsonl", "csv"}) {
    const std::string out = folder_ / ("out." + std::string(ending));
    run_blip({"caption", folder_ / "in", "-o", out});
    const std::string finished = read_file(out);
    // As if the run had ended after each of its records in turn.
    for (std::size_t end = finished.find('\n'); end != std::string::npos;
         end = finished.find('\n', end + 1)) {
      write_file(out, finished.substr(0, end + 1));
      EXPECT_EQ(run_blip({"caption", folder_ / "in", "-o", out, "--resume"}).exit_code, 0);
      EXPECT_EQ(read_file(out), finished);
    }
    // One that is not the first is finished: the others are done, in whatever order.
    const std::string one = folder_ / "in/M\xfcller.png";
    std::filesystem::remove(out);
    run_blip({"caption", one, "-o", out});
    EXPECT_EQ(run_blip({"caption", folder_ / "in", "-o", out, "--resume"}).exit_code, 0);
    EXPECT_EQ(std::ranges::count(read_file(out), '\n'), std::ranges::count(finished, '\n'));
  }
}

TEST_F(OddNames, ShardsShareThemOutAndResume) {
  for (const char* format : {"jsonl", "json", "csv"}) {
    std::multiset<std::string> together;
    for (const char* shard : {"1/3", "2/3", "3/3"}) {
      const std::string out = folder_ / (std::string(format) + shard[0]);
      std::vector<std::string> words = {"caption", folder_ / "in", "-f", format, "-o",
                                        out,       "--shard",      shard};
      ASSERT_EQ(run_blip(words).exit_code, 0);
      const std::string first = read_file(out);
      if (format != std::string("json")) {  // an array cannot be continued
        words.emplace_back("--resume");
        ASSERT_EQ(run_blip(words).exit_code, 0);
        EXPECT_EQ(read_file(out), first);
      }
      together.merge(format == std::string("jsonl")  ? paths_in(first)
                     : format == std::string("json") ? paths_in_array(first)
                                                     : paths_in_csv(first));
    }
    EXPECT_EQ(together, written_) << format;
  }
}

TEST(CaptionNames, OneThatLooksLikeTheEscapedFormIsEscapedToo) {
  const Folder folder;
  folder.picture("file:M%F6.png");
  const Outcome run =
      run_blip({"caption", "file:M%F6.png", "-f", "jsonl"}, {.directory = folder.path()});
  EXPECT_THAT(run.out, HasSubstr(R"({"path":"file:file:M%25F6.png")"));
  EXPECT_EQ(*paths_in(run.out).begin(), "file:M%F6.png");
}

TEST(TextFiles, ByteOrderMarksAreDropped) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string b = folder.picture("b.png");
  const std::string mark = "\xEF\xBB\xBF";
  const Outcome list =
      run_blip({"caption", "--from-file", folder.file("list.txt", mark + a + "\n" + b + "\n")});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_EQ(list.out, run_blip({"caption", a, b}).out);
  const Outcome piped = run_blip({"caption", b, "--from-file", "-"}, {.input = mark + a});
  EXPECT_EQ(piped.exit_code, 0) << piped.err;

  const std::string answers = "yes\nno\n";
  const auto ask = [&](const std::string& file) {
    return run_blip(
        {"ask", photo(0), "is it?", "-m", task_model("vqa"), "--answers", file, "--top", "2"});
  };
  const Outcome marked = ask(folder.file("marked.txt", mark + answers));
  EXPECT_EQ(marked.exit_code, 0) << marked.err;
  EXPECT_EQ(marked.out, ask(folder.file("plain.txt", answers)).out);
}

TEST(TextFiles, Utf16IsRefusedByName) {
  const Folder folder;
  const std::string list = folder.file("list.txt", std::string("\xFF\xFE"
                                                               "a\0.\0",
                                                               6));
  const Outcome run = run_blip({"caption", "--from-file", list});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("list.txt: is UTF-16 text"));
}

TEST(TextFiles, AnOutputWithAMarkIsResumed) {
  const Folder folder;
  folder.picture("in/a.png");
  const std::string b = folder.picture("in/b.png", 2);
  const std::string out = folder / "out.csv";
  run_blip({"caption", folder / "in/a.png", "-o", out});
  write_file(out, "\xEF\xBB\xBF" + read_file(out));  // as a spreadsheet program leaves it
  const Outcome run = run_blip({"caption", folder / "in", "-o", out, "--resume"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const std::string text = read_file(out);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_THAT(text, HasSubstr(b));
}

}  // namespace
}  // namespace blip::testing
