#include "checkpoint/zip_directory.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

void expect_refused(ErrorCode code, const std::string& part, const std::string& archive) {
  expect_error(code, part, [&] { read_zip_directory(as_bytes(archive), "file"); });
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// `archive` with `bytes` in place of those at `offset` behind the last `signature`.
std::string patched(std::string archive, const std::string& signature, std::size_t offset,
                    const std::string& bytes) {
  return archive.replace(archive.rfind(signature) + offset, bytes.size(), bytes);
}

const std::string kEntry = "PK\x01\x02";
const std::string kEnd = "PK\x05\x06";

TEST(ZipDirectory, FindsEntriesByName) {
  const std::string archive = zip_bytes({{"r/b", "BB"}, {"r/a", "AAA"}, {"r/empty", ""}});
  const auto entries = read_zip_directory(as_bytes(archive), "file");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "r/a");
  EXPECT_EQ(as_text(find_entry(entries, "r/a")->bytes), "AAA");
  EXPECT_EQ(as_text(find_entry(entries, "r/b")->bytes), "BB");
  EXPECT_TRUE(find_entry(entries, "r/empty")->bytes.empty());
  EXPECT_EQ(find_entry(entries, "r/c"), nullptr);
}

TEST(ZipDirectory, ACommentMayFollow) {
  std::string archive = zip_bytes({{"a", "x"}});
  archive.replace(archive.size() - 2, 2, number_bytes(std::uint16_t{7}));
  EXPECT_EQ(read_zip_directory(as_bytes(archive + "comment"), "file").size(), 1U);
  expect_refused(ErrorCode::malformed, "no directory at its end", archive + "comments");
}

TEST(ZipDirectory, RefusesWhatTorchNeverWrites) {
  expect_refused(ErrorCode::unsupported, "\"a\" is compressed", zip_bytes({{"a", "x", 8}}));
  // But for the program of a TorchScript archive, which nobody reads.
  const std::string script = zip_bytes({{"a/code/x.py", "packed", 8}, {"a/b", "y"}});
  EXPECT_EQ(read_zip_directory(as_bytes(script), "file").size(), 2U);
  expect_refused(ErrorCode::unsupported, "\"a/codes/x\" is compressed",
                 zip_bytes({{"a/codes/x", "x", 8}}));
  expect_refused(ErrorCode::unsupported, "is encrypted", zip_bytes({{"a", "x", 0, 1}}));
  expect_refused(ErrorCode::malformed, "\"a\" twice", zip_bytes({{"a", "x"}, {"a", "y"}}));
  for (const char* name : {"../a", "r/../a", "r/..", "/etc/passwd", "a\\b", ".", "a\nb", ""}) {
    SCOPED_TRACE(name);
    expect_refused(ErrorCode::malformed, "not a plain path", zip_bytes({{name, "x"}}));
  }
  expect_refused(ErrorCode::unsupported, "several parts",
                 patched(zip_bytes({{"a", "x"}}), kEnd, 4, number_bytes(std::uint16_t{1})));
  expect_refused(ErrorCode::unsupported, "several parts",
                 patched(zip_bytes({{"a", "x"}}), kEntry, 34, number_bytes(std::uint16_t{1})));
}

TEST(ZipDirectory, RefusesSizesAndOffsetsThatCannotBe) {
  const std::string archive = zip_bytes({{"a", "xx"}, {"b", "yy"}});
  for (const std::uint32_t value : {0U, 1U, 40U, 1'000U, 0x7FFFFFFFU, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
    SCOPED_TRACE(value);
    const std::string bytes = number_bytes(value);
    expect_refused(ErrorCode::malformed, "file: ", patched(archive, kEnd, 12, bytes));  // size
    expect_refused(ErrorCode::malformed, "file: ", patched(archive, kEnd, 16, bytes));  // offset
    expect_refused(ErrorCode::malformed, "file: ", patched(archive, kEntry, 20, bytes));
    expect_refused(ErrorCode::malformed, "file: ", patched(archive, kEntry, 42, bytes));
    const std::string both = patched(patched(archive, kEntry, 20, bytes), kEntry, 24, bytes);
    if (value > 2) expect_refused(ErrorCode::malformed, "file: ", both);
  }
  for (const unsigned count : {0U, 1U, 3U, 100U}) {
    const std::string bytes = number_bytes(static_cast<std::uint16_t>(count));
    expect_refused(ErrorCode::malformed, "file: ", patched(archive, kEnd, 8, bytes + bytes));
  }
}

TEST(ZipDirectory, EntriesHaveTheirBytesForThemselves) {
  std::string archive = zip_bytes({{"a", "xx"}, {"a", "yy"}});
  // The second entry's directory record points at the first's place.
  expect_refused(ErrorCode::malformed, "overlaps",
                 patched(archive, kEntry, 42, number_bytes(std::uint32_t{0})));
  archive = zip_bytes({{"a", "xx"}, {"b", "yy"}});
  expect_refused(ErrorCode::malformed, "\"b\" is not where",
                 patched(archive, kEntry, 42, number_bytes(std::uint32_t{0})));
}

TEST(ZipDirectory, EveryCutIsNoticed) {
  const std::string archive = zip_bytes({{"a", "xx"}, {"b", "yy"}});
  for (std::size_t size = 0; size < archive.size(); ++size) {
    expect_refused(ErrorCode::malformed, "file: ", archive.substr(0, size));
  }
}

// The wide directory that zip64 adds, with the plain one's fields marked as too small.
std::string zip64_bytes(std::uint64_t entries, std::uint64_t directory_offset_shift = 0) {
  std::string archive = zip_bytes({{"a", "xx"}});
  const std::size_t end = archive.rfind(kEnd);
  const std::size_t directory = archive.rfind(kEntry);
  const std::string wide = "PK\x06\x06" + number_bytes(std::uint64_t{44}) + std::string(12, '\0') +
                           number_bytes(entries) + number_bytes(entries) +
                           number_bytes(std::uint64_t{end - directory}) +
                           number_bytes(std::uint64_t{directory} + directory_offset_shift);
  const std::string locator = "PK\x06\x07" + number_bytes(std::uint32_t{0}) +
                              number_bytes(std::uint64_t{end}) + number_bytes(std::uint32_t{1});
  const std::string plain =
      kEnd + std::string(4, '\0') + std::string(12, '\xFF') + std::string(2, '\0');
  return archive.substr(0, end) + wide + locator + plain;
}

TEST(ZipDirectory, ReadsZip64) {
  const std::string archive = zip64_bytes(1);
  const auto entries = read_zip_directory(as_bytes(archive), "file");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(as_text(entries[0].bytes), "xx");
  expect_refused(ErrorCode::malformed, "not where", zip64_bytes(1, 1));
  expect_refused(ErrorCode::malformed, "not where", zip64_bytes(1, ~0ULL - 100));
  expect_refused(ErrorCode::malformed, "file: ", zip64_bytes(2));
  expect_refused(ErrorCode::limit_exceeded, "entries", zip64_bytes(~0ULL));
  expect_refused(ErrorCode::malformed, "contradict",
                 patched(archive, kEnd, 10, number_bytes(std::uint16_t{5})));
}

}  // namespace
}  // namespace blip
