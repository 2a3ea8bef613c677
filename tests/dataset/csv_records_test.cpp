#include "dataset/csv_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"

namespace blip::dataset {
namespace {

using ::testing::ElementsAre;

using Records = std::vector<std::vector<std::string>>;

Records records_of(std::string_view text, char separator = ',') {
  CsvReader reader(text, separator, "list.csv");
  Records records;
  while (auto record = reader.next()) records.push_back(std::move(*record));
  return records;
}

std::string message_of(std::string_view text) {
  try {
    (void)records_of(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CsvReader, ReadsFieldsAsTheRfcHasThem) {
  EXPECT_THAT(records_of("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "x, \"y\"\nz")));
  EXPECT_THAT(records_of("a,,\n,"), ElementsAre(ElementsAre("a", "", ""), ElementsAre("", "")));
  EXPECT_THAT(records_of("a\tb,c", '\t'), ElementsAre(ElementsAre("a", "b,c")));
  EXPECT_THAT(records_of("5\" disc,x"), ElementsAre(ElementsAre("5\" disc", "x")));
  EXPECT_THAT(records_of("a\rb\n"), ElementsAre(ElementsAre("a\rb")));
  EXPECT_THAT(records_of("\"\"\n"), ElementsAre(ElementsAre("")));
}

TEST(CsvReader, EmptyLinesAreNoRecords) {
  EXPECT_THAT(records_of("\n\r\na\n\n\nb\n"), ElementsAre(ElementsAre("a"), ElementsAre("b")));
  EXPECT_TRUE(records_of("").empty());
}

TEST(CsvReader, KnowsAtWhichLineARecordBegins) {
  CsvReader reader("a\n\"b\nb\",c\n\nd\n", ',', "list.csv");
  std::vector<std::size_t> lines;
  while (reader.next()) lines.push_back(reader.line());
  EXPECT_THAT(lines, ElementsAre(1, 2, 5));
}

TEST(CsvReader, RefusesQuotesThatDoNotFit) {
  EXPECT_EQ(message_of("a\n\"b\nc\n"), "list.csv: line 2: a quote is not closed");
  EXPECT_EQ(message_of("\"a\"b"), "list.csv: line 1: a closing quote has something behind it");
  EXPECT_EQ(message_of("\"a\"\rb"), "list.csv: line 1: a closing quote has something behind it");
}

TEST(CsvReader, RefusesTooManyFields) {
  EXPECT_TRUE(message_of(std::string(kMaxCsvFields - 1, ',')).empty());
  EXPECT_EQ(message_of(std::string(kMaxCsvFields, ',')),
            "list.csv: line 1: more than 1,024 fields");
}

}  // namespace
}  // namespace blip::dataset
