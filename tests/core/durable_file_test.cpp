#include "core/durable_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>

#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using Mode = DurableFile::Mode;

class DurableFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "file"; }
  [[nodiscard]] std::string text() const { return read_text_file(path(), 1000); }
  [[nodiscard]] std::ptrdiff_t entries() const {
    const std::filesystem::directory_iterator all(directory_.path());
    return std::distance(begin(all), end(all));
  }
  static int error_number_of(const std::filesystem::path& file, Mode mode) {
    try {
      DurableFile opened(file, mode);
      opened.write("text");
    } catch (const WriteError& error) {
      EXPECT_EQ(error.path(), file);
      EXPECT_EQ(error.code(), ErrorCode::unreadable);
      return error.error_number();
    }
    return 0;
  }

  TemporaryDirectory directory_;
};

TEST_F(DurableFileTest, ReplacesOrAppends) {
  DurableFile(path()).write("one");
  DurableFile(path()).write("two");
  EXPECT_EQ(text(), "two");
  for (const Mode mode : {Mode::append, Mode::append_without_links}) {
    DurableFile file(path(), mode);
    const std::uint64_t before = file.size();
    file.write(" more");
    EXPECT_EQ(file.size(), before + 5);
  }
  EXPECT_EQ(text(), "two more more");
}

TEST_F(DurableFileTest, BeginsAnewAfterClear) {
  DurableFile file(path(), Mode::append);
  file.write("much too long");
  file.clear();
  EXPECT_EQ(file.size(), 0U);
  file.write("short");
  file.close();
  file.close();
  EXPECT_EQ(text(), "short");
}

TEST_F(DurableFileTest, SaysWhyItCannotBeWritten) {
  EXPECT_EQ(error_number_of(directory_.path() / "none" / "file", Mode::replace), ENOENT);
  EXPECT_EQ(error_number_of(directory_.path(), Mode::append), EISDIR);
  EXPECT_EQ(error_number_of("/dev/full", Mode::append), ENOSPC);
  EXPECT_STREQ(WriteError("a/b", ENOSPC).what(), "a/b: cannot be written: No space left on device");
}

TEST_F(DurableFileTest, MayRefuseLinksAndDevices) {
  const std::filesystem::path link = directory_.path() / "link";
  std::filesystem::create_symlink(path(), link);
  EXPECT_EQ(error_number_of(link, Mode::append_without_links), ELOOP);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(error_number_of("/dev/null", Mode::append_without_links), EINVAL);
  EXPECT_EQ(error_number_of(link, Mode::append), 0);
}

TEST_F(DurableFileTest, MakesNewFilesAlone) {
  const std::filesystem::path link = directory_.path() / "link";
  std::filesystem::create_symlink(path(), link);
  EXPECT_EQ(error_number_of(link, Mode::create_new), EEXIST);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(error_number_of(path(), Mode::create_new), 0);
  EXPECT_EQ(error_number_of(path(), Mode::create_new), EEXIST);
  EXPECT_EQ(text(), "text");
}

TEST_F(DurableFileTest, ReplacesADirectory) {
  const std::filesystem::path made = directory_.path() / "made";
  for (const char* content : {"first", "second"}) {
    std::filesystem::create_directory(made);
    replace_file(made / "inside", content);
    replace_directory(made, path());
    EXPECT_EQ(read_text_file(path() / "inside", 100), content);
    EXPECT_EQ(entries(), 1);
  }
}

}  // namespace
}  // namespace blip
