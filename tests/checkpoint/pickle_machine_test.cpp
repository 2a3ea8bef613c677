#include "checkpoint/pickle_machine.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

using namespace std::string_literals;

// Runs pickles that may name nothing but "known.thing", call nothing but that, and fetch anything.
class PickleMachine : public ::testing::Test {
 protected:
  PickleValue run(const std::string& bytes) {
    bytes_ = bytes;
    ByteReader reader(as_bytes(bytes_), "file");
    const PickleValue value = run_pickle(reader, heap_, hooks_);
    left_ = reader.left();
    return value;
  }
  std::int64_t integer(const std::string& bytes) { return std::get<std::int64_t>(run(bytes)); }
  std::string text(const std::string& bytes) {
    return std::string(std::get<std::string_view>(run(bytes)));
  }
  void expect_refused(ErrorCode code, const std::string& part, const std::string& bytes) {
    SCOPED_TRACE(bytes.substr(0, 60));
    expect_error(code, part, [&] { run(bytes); });
  }

  std::string bytes_;  // outlives what run() returns, which points into it
  std::size_t left_ = 0;
  PickleHeap heap_;
  PickleHooks hooks_ = {
      .global = [](std::string_view module, std::string_view name) -> PickleValue {
        if (module == "known" && name == "thing") return PickleObject{1, 2};
        throw Error(ErrorCode::unsupported, std::string(module) + "." + std::string(name));
      },
      .call = [](const PickleValue& callable, PickleTuple arguments) -> PickleValue {
        if (!std::holds_alternative<PickleObject>(callable)) {
          throw Error(ErrorCode::unsupported, "not callable");
        }
        return arguments;
      },
      .persistent = [](const PickleValue& id) -> PickleValue {
        return PickleObject{3, static_cast<std::uint32_t>(std::get<std::int64_t>(id))};
      }};
};

TEST_F(PickleMachine, ReadsNumbersOfEveryKind) {
  EXPECT_EQ(integer("K\xFF."), 255);
  EXPECT_EQ(integer("M\x01\x02."), 0x0201);
  EXPECT_EQ(integer("J\xFE\xFF\xFF\xFF."), -2);
  EXPECT_EQ(integer("\x8A\x00."s), 0);
  EXPECT_EQ(integer("\x8A\x02\x00\x80."s), -32768);
  EXPECT_EQ(integer("I-12\n."), -12);
  EXPECT_EQ(integer("L99999999999L\n."), 99'999'999'999);
  EXPECT_TRUE(std::get<bool>(run("I01\n.")));
  EXPECT_FALSE(std::get<bool>(run("\x89.")));
  EXPECT_EQ(std::get<double>(run("F2.5e3\n.")), 2500.0);
  EXPECT_EQ(std::get<double>(run("G\x3F\xF8\0\0\0\0\0\0."s)), 1.5);
  EXPECT_TRUE(std::holds_alternative<PickleNone>(run("N.")));
  EXPECT_TRUE(std::holds_alternative<PickleOpaque>(run("\x8A\x09" + std::string(9, 'x') + ".")));
  EXPECT_TRUE(std::holds_alternative<PickleOpaque>(run("L" + std::string(30, '9') + "L\n.")));
}

TEST_F(PickleMachine, ReadsTextOfEveryLength) {
  EXPECT_EQ(text("X\x03\0\0\0abc."s), "abc");
  EXPECT_EQ(text("\x8C\x02\xC3\xA9."), "é");
  EXPECT_EQ(text("\x8D\x01\0\0\0\0\0\0\0z."s), "z");
  EXPECT_EQ(text("U\x02hi."), "hi");
  EXPECT_EQ(text("T\x02\0\0\0hi."s), "hi");
  EXPECT_EQ(text("Vplain\n."), "plain");
  EXPECT_EQ(text("S'plain'\n."), "plain");
  EXPECT_TRUE(std::holds_alternative<PickleOpaque>(run("C\x02\xFF\xFE.")));
  expect_refused(ErrorCode::unsupported, "escapes", "V\\u00e9\n.");
  expect_refused(ErrorCode::unsupported, "escapes", "S'\n.");
  for (const char* bad : {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xC3", "\x80"}) {
    expect_refused(ErrorCode::malformed, "UTF-8", "\x80\x02" + pickled(bad) + ".");
  }
}

TEST_F(PickleMachine, BuildsContainers) {
  const auto list =
      std::get<PickleList>(run("](K\x01K\x02"
                               "eK\x03"
                               "a."));
  ASSERT_EQ(heap_[list].size(), 3U);
  EXPECT_EQ(std::get<std::int64_t>(heap_[list][2]), 3);
  const auto tuple = std::get<PickleTuple>(run("K\x01K\x02\x86."));
  ASSERT_EQ(heap_[tuple].size(), 2U);
  const auto dict = std::get<PickleDict>(run("}(K\x01K\x02K\x03K\x04uK\x05K\x06s."));
  ASSERT_EQ(heap_[dict].size(), 3U);
  EXPECT_EQ(std::get<std::int64_t>(heap_[dict][2].second), 6);
  EXPECT_EQ(heap_[std::get<PickleDict>(run("(K\x01K\x02"
                                           "d."))]
                .size(),
            1U);
  EXPECT_EQ(heap_[std::get<PickleList>(run("(K\x01K\x02l."))].size(), 2U);
  EXPECT_EQ(heap_[std::get<PickleList>(run("\x8F(K\x01K\x02\x90."))].size(), 2U);
  EXPECT_EQ(integer("K\x01K\x02"
                    "0."),
            1);
  EXPECT_EQ(integer("K\x01(K\x02K\x03"
                    "1."),
            1);
}

TEST_F(PickleMachine, RemembersValues) {
  EXPECT_EQ(integer("K\x07q\x05"
                    "0h\x05."),
            7);
  EXPECT_EQ(integer("K\x07r\x05\0\0\0"
                    "0j\x05\0\0\0."s),
            7);
  EXPECT_EQ(integer("K\x07p12\n0g12\n."), 7);
  EXPECT_EQ(integer("K\x07\x94K\x08\x94"
                    "0h\x01."),
            8);
  // A list that holds itself is data like any other.
  const auto list =
      std::get<PickleList>(run("]q\x01h\x01"
                               "a."));
  EXPECT_EQ(std::get<PickleList>(heap_[list][0]).index, list.index);
  expect_refused(ErrorCode::malformed, "never had", "h\x05.");
  expect_refused(ErrorCode::malformed, "no such place", "K\x07p-1\n.");
}

TEST_F(PickleMachine, AsksItsOwnerForEverythingElse) {
  EXPECT_EQ(std::get<PickleObject>(run("cknown\nthing\n.")).index, 2U);
  EXPECT_EQ(std::get<PickleObject>(run("U\x05knownU\x05thing\x93.")).index, 2U);
  EXPECT_TRUE(std::holds_alternative<PickleTuple>(run("cknown\nthing\nK\x01\x85R.")));
  EXPECT_EQ(std::get<PickleObject>(run("K\x09Q.")).index, 9U);
  EXPECT_TRUE(
      std::holds_alternative<PickleDict>(run("}}U\x01"
                                             "aK\x01sb.")));
  expect_refused(ErrorCode::unsupported, "os.system", "cos\nsystem\n.");
  expect_refused(ErrorCode::unsupported, "not callable", "K\x01)R.");
  expect_refused(ErrorCode::malformed, "arguments", "cknown\nthing\nK\x01R.");
  expect_refused(ErrorCode::malformed, "other than text", "K\x01K\x02\x93.");
  expect_refused(ErrorCode::unsupported, "sets the state", "]}b.");
}

TEST_F(PickleMachine, MakesNoObjects) {
  for (const char* pickle : {"(iknown\nthing\n.", "(cknown\nthing\no.", "cknown\nthing\n)\x81.",
                             "cknown\nthing\n)}\x92.", "\x82\x01."}) {
    expect_refused(ErrorCode::unsupported, "nothing in a checkpoint is executed", pickle);
  }
  expect_refused(ErrorCode::unsupported, "0x50", "Pid\n.");
  expect_refused(ErrorCode::unsupported, "protocol 6", "\x80\x06N.");
}

TEST_F(PickleMachine, StopsWhereThePickleDoes) {
  EXPECT_EQ(integer("\x80\x02K\x01.rest"), 1);
  EXPECT_EQ(left_, 4U);
  EXPECT_EQ(integer("\x80\x04\x95\x03\0\0\0\0\0\0\0K\x01.rest"s), 1);
  EXPECT_EQ(left_, 4U);
  expect_refused(ErrorCode::malformed, "within its frame",
                 "\x80\x04\x95\x04\0\0\0\0\0\0\0K\x01.r"s);
  expect_refused(ErrorCode::malformed, "over the end", "\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01."s);
  expect_refused(ErrorCode::malformed, "truncated", "\x80\x04\x95\xFF\0\0\0\0\0\0\0K\x01."s);
}

TEST_F(PickleMachine, KeepsToItsStack) {
  for (const char* pickle : {".", "0.", "\x86.", "K\x01\x86.", "a.", "s.", "R.", "Q.", "q\x01."}) {
    expect_refused(ErrorCode::malformed, "empty stack", pickle);
  }
  expect_refused(ErrorCode::malformed, "empty stack",
                 "K\x01(.");  // what is below a mark is not its
  expect_refused(ErrorCode::malformed, "lost its mark", "K\x01t.");
  expect_refused(ErrorCode::malformed, "without a value", "}(K\x01u.");
  expect_refused(ErrorCode::malformed, "other than a list",
                 "}K\x01"
                 "a.");
  expect_refused(ErrorCode::malformed, "other than a dict", "]K\x01K\x02s.");
  expect_refused(ErrorCode::malformed, "as a key", "}]K\x02s.");
}

TEST_F(PickleMachine, KeepsToItsLimits) {
  expect_refused(ErrorCode::limit_exceeded, "nested deeper", std::string(kMaxPickleDepth + 1, '('));
  expect_refused(ErrorCode::limit_exceeded, "values", std::string(kMaxPickleValues + 1, 'N'));
  constexpr std::uint32_t kFillerBytes = 9'000'000;
  std::string filler = "B" + number_bytes(kFillerBytes);
  filler.resize(filler.size() + kFillerBytes, 'x');
  expect_refused(ErrorCode::limit_exceeded, "bytes", filler + "0" + filler + "0N.");
  std::string memo = "N";
  for (std::uint32_t i = 0; i <= kMaxPickleMemo; ++i) memo += "r" + number_bytes(i);
  expect_refused(ErrorCode::limit_exceeded, "remembers", memo);
  // Tuples of tuples of … need no mark, and nothing goes down them.
  const PickleValue nested = run(")" + std::string(100'000, '\x85') + ".");
  EXPECT_TRUE(std::holds_alternative<PickleTuple>(nested));
}

TEST_F(PickleMachine, EveryCutIsNoticed) {
  const std::string whole = whole_pickle(
      pickled_dict({{"a", pickled(12)}, {"b", pickled(std::vector<std::int64_t>{1, 2})}}));
  EXPECT_NO_THROW(run(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_refused(ErrorCode::malformed, "file: ", whole.substr(0, size));
  }
}

}  // namespace
}  // namespace blip
