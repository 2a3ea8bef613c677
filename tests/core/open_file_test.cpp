#include "core/open_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/file_mapping.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

TEST(OpenFile, ReadsAtAnyPlace) {
  const TemporaryDirectory directory;
  const OpenFile file(directory.write("file", "0123456789"));
  std::array<char, 4> bytes{};
  file.read_at(3, std::as_writable_bytes(std::span(bytes)));
  EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "3456");
  expect_error(ErrorCode::unreadable, "ends at byte 10",
               [&] { file.read_at(8, std::as_writable_bytes(std::span(bytes))); });
}

TEST(OpenFile, ReadsTheWholeText) {
  const TemporaryDirectory directory;
  const std::string text("a\0b\n", 4);
  const auto file = directory.write("file", text);
  EXPECT_EQ(read_text_file(file, 4), text);
  EXPECT_EQ(read_text_file(directory.write("empty", ""), 4), "");
  expect_error(ErrorCode::limit_exceeded, "file: 4 bytes, more than the 3 allowed",
               [&] { read_text_file(file, 3); });
}

TEST(OpenFile, RefusesWhatIsNotAFile) {
  const TemporaryDirectory directory;
  const auto pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto file = directory.write("file", "x");
  const auto refuse = [&](ErrorCode code, const std::string& cause, const auto& path) {
    expect_error(code, cause, [&] { OpenFile{path}; });
    expect_error(code, cause, [&] { require_readable_file(path); });
  };
  refuse(ErrorCode::not_found, "absent: no such file", directory.path() / "absent");
  refuse(ErrorCode::unreadable, "is a directory, not a file", directory.path());
  refuse(ErrorCode::unreadable, "pipe: is not a regular file", pipe);
  refuse(ErrorCode::not_found, "no such file", file / "below");
  refuse(ErrorCode::unreadable, "", std::string(300, 'x'));
  require_readable_file(file);
}

TEST(OpenFile, NamesAFileItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "x");
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  expect_error(ErrorCode::unreadable, "file: Permission denied", [&] { OpenFile{file}; });
  expect_error(ErrorCode::unreadable, "file: Permission denied",
               [&] { require_readable_file(file); });
  expect_error(ErrorCode::unreadable, "file: Permission denied", [&] { FileMapping{file}; });
}

TEST(OpenFile, KnowsWhatExists) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(file_exists(directory.write("file", "x")));
  EXPECT_TRUE(file_exists(directory.path()));
  EXPECT_FALSE(file_exists(directory.path() / "absent"));
  EXPECT_FALSE(file_exists(directory.path() / "file" / "below"));
}

TEST(FileMapping, MapsAndMoves) {
  const TemporaryDirectory directory;
  FileMapping first(directory.write("a", "abc"));
  ASSERT_EQ(first.bytes().size(), 3U);
  EXPECT_EQ(std::to_integer<char>(first.bytes()[2]), 'c');
  FileMapping second(directory.write("b", ""));
  EXPECT_TRUE(second.bytes().empty());
  second = std::move(first);
  EXPECT_EQ(second.bytes().size(), 3U);
  const FileMapping third(std::move(second));
  EXPECT_EQ(std::to_integer<char>(third.bytes()[0]), 'a');
}

}  // namespace
}  // namespace blip
