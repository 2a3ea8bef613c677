// Every format through its sink: what is written, what is kept, what a resumed run finds done.
#include "app/records/record_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/records/output_file.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

RecordSchema answers_schema() {
  RecordSchema schema;
  schema.about = {"question"};
  schema.results = {"answer", "score"};
  schema.list = "answers";
  schema.asked = {"what?", "where?"};
  return schema;
}

Finding answer(const std::string& question, const std::string& text, Value score) {
  return {.about = {question},
          .results = {{.values = {text, std::move(score)}, .line = question + ": " + text}}};
}

Record answered(const std::string& path) {
  return {.path = path,
          .findings = {answer("what?", "a cat", 0.5F), answer("where?", "home", std::monostate{})},
          .error = {}};
}

Record failed(const std::string& path) {
  return {.path = path, .findings = {}, .error = "empty file"};
}

class Sink : public ::testing::Test {
 protected:
  // Opens the file, writes `records` and finishes.
  std::string write(Format format, const std::vector<Record>& records, bool resume = false) {
    const auto sink =
        open_record_sink({.format = format, .file = path(), .resume = resume}, answers_schema());
    sink->write(records);
    sink->finish();
    return content(path());
  }
  [[nodiscard]] fs::path path() const { return directory_.path() / "out"; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Sink, WritesEveryFormat) {
  const std::vector<Record> records = {answered("a.jpg"), failed("b.jpg")};
  EXPECT_EQ(write(Format::text, records), "a.jpg: what?: a cat\na.jpg: where?: home\n");
  EXPECT_EQ(write(Format::jsonl, records),
            R"({"path":"a.jpg","question":"what?","answer":"a cat","score":0.5})"
            "\n"
            R"({"path":"a.jpg","question":"where?","answer":"home","score":null})"
            "\n"
            R"({"path":"b.jpg","error":"empty file"})"
            "\n");
  EXPECT_EQ(write(Format::json, records),
            "[\n  "
            R"({"path":"a.jpg","question":"what?","answer":"a cat","score":0.5})"
            ",\n  "
            R"({"path":"a.jpg","question":"where?","answer":"home","score":null})"
            ",\n  "
            R"({"path":"b.jpg","error":"empty file"})"
            "\n]\n");
  EXPECT_EQ(write(Format::csv, records),
            "path,question,answer,score,error\r\n"
            "a.jpg,what?,a cat,0.5,\r\n"
            "a.jpg,where?,home,,\r\n"
            "b.jpg,,,,empty file\r\n");
}

TEST_F(Sink, WritesNumbersWithTheDigitsThatTellThemApart) {
  const std::vector<Record> records = {
      {.path = "a.jpg", .findings = {answer("what?", "a cat", 0.1F)}, .error = {}},
      {.path = "b.jpg", .findings = {answer("what?", "a cat", 1'234'567.89)}, .error = {}},
      {.path = "c.jpg",
       .findings = {answer("what?", "a cat", std::vector<float>{1.0F, -1e-5F})},
       .error = {}}};
  EXPECT_EQ(write(Format::jsonl, records),
            R"({"path":"a.jpg","question":"what?","answer":"a cat","score":0.1})"
            "\n"
            R"({"path":"b.jpg","question":"what?","answer":"a cat","score":1234567.89})"
            "\n"
            R"({"path":"c.jpg","question":"what?","answer":"a cat","score":[1.0,-1e-05]})"
            "\n");
  EXPECT_EQ(write(Format::csv, records),
            "path,question,answer,score,error\r\n"
            "a.jpg,what?,a cat,0.1,\r\n"
            "b.jpg,what?,a cat,1234567.89,\r\n"
            "c.jpg,what?,a cat,1 -1e-05,\r\n");
}

TEST_F(Sink, WritesWhatItsFormatNeedsWithoutAnyRecord) {
  EXPECT_EQ(write(Format::text, {}), "");
  EXPECT_EQ(write(Format::jsonl, {}), "");
  EXPECT_EQ(write(Format::json, {}), "[]\n");
  EXPECT_EQ(write(Format::csv, {}), "path,question,answer,score,error\r\n");
}

TEST_F(Sink, KeepsTheOldContentUntilThereIsSomethingToWrite) {
  for (const Format format : {Format::text, Format::jsonl, Format::json, Format::csv}) {
    std::ofstream(path()) << "old";
    {
      const auto sink = open_record_sink({.format = format, .file = path()}, answers_schema());
      sink->finish_early();
    }
    EXPECT_EQ(content(path()), "old");
  }
}

TEST_F(Sink, EndsAnArrayThatIsFinishedEarly) {
  const auto sink = open_record_sink({.format = Format::json, .file = path()}, answers_schema());
  const Record record = failed("b.jpg");
  sink->write(std::span(&record, 1));
  sink->finish_early();
  sink->finish();  // does nothing any more
  EXPECT_EQ(content(path()), "[\n  {\"path\":\"b.jpg\",\"error\":\"empty file\"}\n]\n");
}

TEST_F(Sink, FindsWhatAnEarlierRunFinished) {
  for (const Format format : {Format::jsonl, Format::csv}) {
    fs::remove(path());
    const std::string first = write(format, {answered("a.jpg"), failed("b.jpg")});
    const auto sink =
        open_record_sink({.format = format, .file = path(), .resume = true}, answers_schema());
    EXPECT_TRUE(sink->is_done("a.jpg", ""));
    EXPECT_FALSE(sink->is_done("a.jpg", "")) << "named twice, it is to be done twice";
    EXPECT_FALSE(sink->is_done("b.jpg", "")) << "a failure is tried again";
    EXPECT_FALSE(sink->is_done("c.jpg", ""));
    const Record again = answered("b.jpg");
    sink->write(std::span(&again, 1));
    sink->finish();
    EXPECT_EQ(content(path()).find("empty file"), std::string::npos);
    EXPECT_EQ(content(path()).find("path,question"), content(path()).rfind("path,question"))
        << "one header";
    fs::remove(path());
    EXPECT_EQ(content(path()), "");
    EXPECT_NE(write(format, {answered("a.jpg"), answered("b.jpg")}), first);
  }
}

TEST_F(Sink, RefusesAFileThatHoldsSomethingElse) {
  for (const Format format : {Format::jsonl, Format::csv, Format::text}) {
    std::ofstream(path()) << "not an output\n";
    expect_error(ErrorCode::invalid_argument, "is not blip's; it was left as it is", [&] {
      open_record_sink({.format = format, .file = path(), .resume = true}, answers_schema());
    });
    EXPECT_EQ(content(path()), "not an output\n");
  }
}

TEST_F(Sink, RefusesTheAnswersToOtherQuestions) {
  write(Format::jsonl, {answered("a.jpg")});
  RecordSchema other = answers_schema();
  other.asked = {"who?", "where?"};
  expect_error(ErrorCode::invalid_argument, "other things were asked", [&] {
    open_record_sink({.format = Format::jsonl, .file = path(), .resume = true}, other);
  });
}

TEST_F(Sink, SaysWhatCannotBeWritten) {
  const auto sink =
      open_record_sink({.format = Format::text, .file = "/dev/full"}, answers_schema());
  const Record record = answered("a.jpg");
  EXPECT_THROW(sink->write(std::span(&record, 1)), OutputError);
}

TEST_F(Sink, LetsNoControlCharacterReachATerminal) {
  Record record = answered("esc\x1b[31m\n.jpg");
  record.findings.front().results.front().line =
      "\x1b]0;title\x07 c1 \xC2\x9B"
      "31m tab\t";
  const std::string text = write(Format::text, {record});
  EXPECT_EQ(text,
            "esc?[31m?.jpg: ?]0;title? c1 ?31m tab?\n"
            "esc?[31m?.jpg: where?: home\n");
}

TEST(Printable, KeepsLettersOfEveryScript) {
  const std::string text = "Grüße, 日本語, \xC2\xA0é";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable(std::string_view("\xC2", 1)), "\xC2");
}

}  // namespace
}  // namespace blip::app
