#include "core/text_encoding.hpp"

#include <gtest/gtest.h>

#include "core/file_ending.hpp"
#include "core/lfs_pointer.hpp"
#include "core/open_file.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

TEST(TextEncoding, TheMarkOfUtf8IsDropped) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_text_file(directory.write("marked", "\xEF\xBB\xBFyes\n"), 100), "yes\n");
  EXPECT_EQ(read_text_file(directory.write("mark", "\xEF\xBB\xBF"), 100), "");
  // Anywhere else it is a character.
  EXPECT_EQ(read_text_file(directory.write("inside", "a\xEF\xBB\xBF"), 100), "a\xEF\xBB\xBF");
}

TEST(TextEncoding, Utf16IsRefusedByName) {
  const TemporaryDirectory directory;
  for (const std::string& text : {std::string("\xFF\xFEy\0", 4), std::string("\xFE\xFF\0y", 4)}) {
    const auto file = directory.write("words.txt", text);
    expect_error(ErrorCode::unsupported, "words.txt: is UTF-16 text",
                 [&] { read_text_file(file, 100); });
  }
}

TEST(TextEncoding, TellsWhatMayBecomeAMark) {
  for (const char* text : {"", "\xEF", "\xEF\xBB", "\xFF", "\xFE"}) {
    EXPECT_TRUE(may_become_mark(text)) << text;
  }
  for (const char* text : {"a", "\xEF\xBB\xBF", "\xEF\xBC", "\xFF\xFE"}) {
    EXPECT_FALSE(may_become_mark(text)) << text;
  }
}

TEST(LfsPointer, IsToldWithItsRemedy) {
  const TemporaryDirectory directory;
  const auto file = directory.write("vocab.txt",
                                    "version https://git-lfs.github.com/spec/v1\n"
                                    "oid sha256:0\nsize 9\n");
  expect_error(ErrorCode::malformed, "vocab.txt: is a Git LFS pointer",
               [&] { read_text_file(file, 1000); });
  expect_error(ErrorCode::malformed, "git lfs pull", [&] { read_text_file(file, 1000); });
  EXPECT_FALSE(is_lfs_pointer("version 1"));
}

TEST(FileEnding, HasNoCase) {
  EXPECT_EQ(file_ending("a/X.CSV"), "csv");
  EXPECT_EQ(file_ending("a.b/x"), "");
  EXPECT_EQ(file_ending("x.tar.GZ"), "gz");
}

}  // namespace
}  // namespace blip
