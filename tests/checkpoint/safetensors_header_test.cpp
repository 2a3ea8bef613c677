#include "checkpoint/safetensors_header.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

const std::string kGood = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";

void expect_refused(const std::string& part, const std::string& json,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(json.substr(0, 200));
  expect_error(code, part, [&] { parse_safetensors_header(json, "file"); });
}

TEST(SafetensorsHeader, ReadsNamesAsTheyAre) {
  const auto entries = parse_safetensors_header(R"({"a.b/c \u00e9\n":{)" + kGood + "}}", "file");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].name, "a.b/c é\n");
  EXPECT_EQ(entries[0].dtype, "F32");
}

TEST(SafetensorsHeader, IgnoresFieldsItDoesNotKnow) {
  // As the crate does, whatever is nested in them.
  const auto entries =
      parse_safetensors_header(R"({"a":{"x":[1,{"y":null,"shape":[9]},[[]]],)" + kGood +
                                   R"(,"z":{"dtype":7},"w":-1.5e3,"v":"s"},"b":{)" + kGood + "}}",
                               "file");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].shape, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(entries[1].name, "b");
}

TEST(SafetensorsHeader, MetadataMapsStringsToStrings) {
  EXPECT_TRUE(parse_safetensors_header(R"({"__metadata__":{"a":"b","c":""}})", "file").empty());
  EXPECT_TRUE(parse_safetensors_header(R"({"__metadata__":null})", "file").empty());
  const std::string part = "must map strings to strings";
  expect_refused(part, R"({"__metadata__":{"a":1}})");
  expect_refused(part, R"({"__metadata__":{"a":null}})");
  expect_refused(part, R"({"__metadata__":{"a":{}}})");
  expect_refused(part, R"({"__metadata__":{"a":[]}})");
  expect_refused(part, R"({"__metadata__":[]})");
  expect_refused(part, R"({"__metadata__":"a"})");
}

TEST(SafetensorsHeader, RefusesRepeatedKeys) {
  expect_refused("name \"a\" occurs twice", R"({"a":{)" + kGood + R"(},"a":{)" + kGood + "}}");
  expect_refused("\"a\" occurs twice", R"({"a":{)" + kGood + R"(},"\u0061":{)" + kGood + "}}");
  expect_refused("occurs twice", R"({"__metadata__":{},"__metadata__":{}})");
  expect_refused("\"shape\" twice", R"({"a":{"shape":[1],)" + kGood + "}}");
}

TEST(SafetensorsHeader, RefusesMissingAndMistypedFields) {
  expect_refused("no \"dtype\"", R"({"a":{"shape":[1],"data_offsets":[0,4]}})");
  expect_refused("no \"shape\"", R"({"a":{"dtype":"F32","data_offsets":[0,4]}})");
  expect_refused("no \"data_offsets\"", R"({"a":{"dtype":"F32","shape":[1]}})");
  expect_refused("for a dtype", R"({"a":{"dtype":1}})");
  expect_refused("for a dtype", R"({"a":{"dtype":null}})");
  expect_refused("in its shape", R"({"a":{"shape":4}})");
  expect_refused("in its shape", R"({"a":{"shape":["1"]}})");
  expect_refused("in its shape", R"({"a":{"shape":[[1]]}})");
  expect_refused("in its shape", R"({"a":{"shape":[1.0]}})");
  expect_refused("in its shape", R"({"a":{"shape":[-1]}})");
  expect_refused("in its shape", R"({"a":{"shape":[-0]}})");
  expect_refused("in its shape", R"({"a":{"shape":[18446744073709551616]}})");
  expect_refused("in its data_offsets", R"({"a":{"data_offsets":[0,true]}})");
  expect_refused("1 data_offsets", R"({"a":{"data_offsets":[0]}})");
  expect_refused("3 data_offsets", R"({"a":{"data_offsets":[0,1,2]}})");
  expect_refused("not an object", R"({"a":[]})");
  expect_refused("not an object", R"({"a":null})");
  expect_refused("expected an object", "[]");
  expect_refused("expected an object", "1");
}

TEST(SafetensorsHeader, RefusesWhatIsNotJson) {
  expect_refused("line 1, column 1", "");
  expect_refused("line 2, column 3", "{\n  x");
  expect_refused("not valid JSON", "{} {}");
  expect_refused("not valid JSON", R"({"a":{)" + kGood + "},}");
  expect_refused("not valid JSON", "{\"\xff\":1}");
  expect_refused("not valid JSON", R"({"\ud800":1})");
  expect_refused("byte order mark", "\xEF\xBB\xBF{}");
  // nlohmann takes a NUL for the end, and would not see what follows.
  expect_refused("NUL byte", std::string("{}\0garbage", 10));
  expect_refused("not valid JSON", R"({"a":{"x":1e999,)" + kGood + "}}");
}

TEST(SafetensorsHeader, RefusesDeepNestingAndManyDimensions) {
  expect_refused("nested deeper than 128", R"({"a":{"x":)" + std::string(1'000'000, '['));
  expect_refused("expected an object", std::string(1'000'000, '['));
  std::string shape = "1";
  for (int i = 0; i < 64; ++i) shape += ",1";
  expect_refused("more than 64 dimensions", R"({"a":{"shape":[)" + shape + "]}}",
                 ErrorCode::limit_exceeded);
}

TEST(SafetensorsHeader, MessagesStayShortAndOnOneLine) {
  expect_refused("\"a\\x0abbb", R"({"a\n)" + std::string(100'000, 'b') + R"(":7})");
  expect_refused("not valid JSON", R"({"a":)" + std::string(100'000, 'b'));
}

}  // namespace
}  // namespace blip
