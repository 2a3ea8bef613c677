// Files that appear under their names whole.
#include "core/replacement_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/open_file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

namespace fs = std::filesystem;

class ReplacementFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path() const { return directory_.path() / "file"; }
  [[nodiscard]] std::string text() const { return read_text_file(path(), 1000); }
  [[nodiscard]] std::ptrdiff_t entries() const {
    const fs::directory_iterator all(directory_.path());
    return std::distance(begin(all), end(all));
  }

  TemporaryDirectory directory_;
};

TEST_F(ReplacementFileTest, AppearsUnderItsNameWhole) {
  replace_file(path(), "old");
  ReplacementFile replacement(path());
  replacement.file().write("new");
  EXPECT_EQ(text(), "old");
  ReplacementFile moved(std::move(replacement));
  moved.put_in_place();
  EXPECT_EQ(text(), "new");
  EXPECT_EQ(entries(), 1);
}

TEST_F(ReplacementFileTest, LeavesTheOldOneIfWritingFails) {
  replace_file(path(), "old");
  const auto fail = [](DurableFile& file) {
    file.write("half");
    throw std::runtime_error("no more");
  };
  EXPECT_THROW(replace_file(path(), fail), std::runtime_error);
  EXPECT_EQ(text(), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(ReplacementFileTest, SeveralOfOneTargetAreNotMixed) {
  ReplacementFile first(path());
  ReplacementFile second(path());
  first.file().write("first");
  second.file().write("second, which is longer");
  second.put_in_place();
  EXPECT_EQ(text(), "second, which is longer");
  first.put_in_place();
  EXPECT_EQ(text(), "first");
  EXPECT_EQ(entries(), 1);
}

// A child counts on from where its parent was: its next hidden name is the parent's next as well.
TEST_F(ReplacementFileTest, AChildTakesNoNameOfItsParent) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char go = 0;
    if (::read(ready[0], &go, 1) != 1) ::_exit(2);
    try {
      ReplacementFile file(path());
      file.file().write("of the child");
      file.put_in_place();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  ReplacementFile file(path());
  file.file().write("parent");
  ASSERT_EQ(::write(ready[1], "g", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text(), "of the child");
  file.put_in_place();
  EXPECT_EQ(text(), "parent");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(ReplacementFileTest, ErrorsNameTheTarget) {
  const auto refused = [](const fs::path& target) {
    try {
      replace_file(target, "text");
    } catch (const WriteError& error) {
      EXPECT_EQ(error.path(), target);
      return error.error_number();
    }
    return 0;
  };
  EXPECT_EQ(refused(directory_.path() / "none" / "file"), ENOENT);
  EXPECT_EQ(refused(directory_.path()), EISDIR);
  EXPECT_EQ(refused("/dev/full"), ENOSPC);
  EXPECT_EQ(entries(), 0);
}

TEST_F(ReplacementFileTest, ALinkStaysALink) {
  replace_file(path(), "old");
  const fs::path link = directory_.path() / "link";
  fs::create_symlink("file", link);
  replace_file(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(text(), "new");
  EXPECT_EQ(entries(), 2);
}

TEST_F(ReplacementFileTest, ALinkToNothingIsReplaced) {
  const fs::path outside = directory_.path() / "outside";
  fs::create_symlink(outside, path());
  replace_file(path(), "new");
  EXPECT_FALSE(fs::is_symlink(path()));
  EXPECT_FALSE(fs::exists(outside));
}

TEST_F(ReplacementFileTest, PipesAndDevicesAreWrittenInto) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [this] {
    const int descriptor = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
    std::string read(100, '\0');
    const ssize_t length = ::read(descriptor, read.data(), read.size());
    ::close(descriptor);
    return read.substr(0, length > 0 ? static_cast<std::size_t>(length) : 0);
  });
  replace_file(path(), "text");
  EXPECT_EQ(reader.get(), "text");
  EXPECT_TRUE(fs::is_fifo(path()));
  replace_file("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(entries(), 1);
}

TEST_F(ReplacementFileTest, TakesAFreeNameAlone) {
  ReplacementFile first(path());
  first.file().write("first");
  EXPECT_TRUE(first.put_at_free_name());
  {
    ReplacementFile second(path());
    second.file().write("second");
    EXPECT_FALSE(second.put_at_free_name());
  }
  EXPECT_EQ(text(), "first");
  EXPECT_EQ(entries(), 1);
}

TEST_F(ReplacementFileTest, WhatAKilledProcessLeftIsRemoved) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ReplacementFile file(path());
    file.file().write("half");
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  fs::create_symlink("/dev/null", directory_.path() / ".blip-partial-link");
  ReplacementFile mine(path());
  EXPECT_EQ(entries(), 3);
  remove_abandoned_partial_files(directory_.path());
  EXPECT_EQ(entries(), 2) << "what is being written stays, and so do links";
  mine.file().write("whole");
  mine.put_in_place();
  EXPECT_EQ(text(), "whole");
}

TEST_F(ReplacementFileTest, WhatThisProcessWritesIsRemovedWhenItIsToldToStop) {
  directory_.write(".blip-partial-0123456789abcdef-0", "another's");
  const ReplacementFile mine(path());
  remove_own_partial_files(directory_.path());
  EXPECT_EQ(entries(), 1);
}

}  // namespace
}  // namespace blip
