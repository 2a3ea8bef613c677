// Replacing files that somebody else made.
#include "app/records/file_replacement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  return read_text_file(file, 1000);
}

std::ptrdiff_t count_of(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

TEST(FileReplacement, CopiesToNamesThatAreFreeAlone) {
  const TemporaryDirectory directory;
  const fs::path from = directory.write("a.jpg", "old");
  const fs::path copy = directory.path() / "a.jpg_original";
  EXPECT_TRUE(copy_to_new_name(from, copy));
  EXPECT_EQ(read_file(copy), "old");
  EXPECT_EQ(read_file(from), "old");
  directory.write("a.jpg", "newer");
  EXPECT_FALSE(copy_to_new_name(from, copy));
  EXPECT_EQ(read_file(copy), "old");
  EXPECT_EQ(count_of(directory.path()), 2) << "nothing hidden is left";
}

TEST(FileReplacement, KeepsWhatAFileIs) {
  const TemporaryDirectory directory;
  const fs::path file = directory.write("a.jpg", "old");
  fs::permissions(file, fs::perms(0640));
  const auto time = fs::last_write_time(file) - std::chrono::hours(24);
  fs::last_write_time(file, time);
  FileToReplace(file).replace("new", {.backup = true, .preserve_times = true});
  EXPECT_EQ(read_file(file), "new");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms(0640));
  EXPECT_EQ(fs::last_write_time(file), time);
  EXPECT_EQ(read_file(directory.path() / "a.jpg_original"), "old");

  FileToReplace(file).replace("newest", {.backup = true});
  EXPECT_GT(fs::last_write_time(file), time);
  EXPECT_EQ(read_file(directory.path() / "a.jpg_original"), "old");
  EXPECT_EQ(read_file(directory.path() / "a.jpg_original-2"), "new");
  EXPECT_EQ(count_of(directory.path()), 3);
}

TEST(FileReplacement, LeavesWhatSomebodyElseWroteMeanwhile) {
  const TemporaryDirectory directory;
  const fs::path file = directory.write("a.jpg", "old");
  const FileToReplace there(file);
  directory.write("a.jpg", "by somebody else");
  EXPECT_THROW(there.replace("new", {}), Error);
  EXPECT_EQ(read_file(file), "by somebody else");

  const FileToReplace absent(directory.path() / "b.xmp");
  EXPECT_FALSE(absent.exists());
  directory.write("b.xmp", "by somebody else");
  EXPECT_THROW(absent.replace("new", {}), Error);
  EXPECT_EQ(read_file(directory.path() / "b.xmp"), "by somebody else");
  EXPECT_EQ(count_of(directory.path()), 2);
}

TEST(FileReplacement, RefusesWhatIsNoFile) {
  const TemporaryDirectory directory;
  EXPECT_THROW(FileToReplace(directory.path()), Error);
  fs::create_symlink("nowhere", directory.path() / "link");
  EXPECT_THROW(FileToReplace(directory.path() / "link"), Error);
}

}  // namespace
}  // namespace blip::app
