#include "app/sidecars/sidecar_writer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

class Sidecar : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path(const std::string& name = "a.txt") const {
    return directory_.path() / name;
  }
  // What the file holds after a caption is written where it held `before`.
  std::string after(ExistingSidecar existing, const std::string& before) {
    std::ofstream(path(), std::ios::binary) << before;
    write(existing, {"new"});
    return content();
  }
  void write(ExistingSidecar existing, const std::vector<std::string>& captions) {
    SidecarWriter({.existing = existing}).write(path(), captions);
  }
  [[nodiscard]] std::string content(const std::string& name = "a.txt") const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Sidecar, HasALineForEachCaption) {
  write(ExistingSidecar::skip, {"a cat", "a dog"});
  EXPECT_EQ(content(), "a cat\na dog\n");
  SidecarWriter({}).write(path("deep/er/b.txt"), std::vector<std::string>{"a\ncat\x1b \xff"});
  EXPECT_EQ(content("deep/er/b.txt"), "a?cat? \xef\xbf\xbd\n");
}

TEST_F(Sidecar, WhatIsThereIsKeptReplacedOrAddedTo) {
  EXPECT_EQ(after(ExistingSidecar::skip, "old"), "old");
  EXPECT_EQ(after(ExistingSidecar::overwrite, "old, older"), "new\n");
  EXPECT_EQ(after(ExistingSidecar::append, "old, older \r\n\n"), "old, older, new\n");
  EXPECT_EQ(after(ExistingSidecar::prepend, "\xEF\xBB\xBFold\n"), "new, old\n");
  EXPECT_EQ(after(ExistingSidecar::append, " \n"), "new\n");
  EXPECT_EQ(after(ExistingSidecar::prepend, ""), "new\n");
  EXPECT_EQ(after(ExistingSidecar::append, "caf\xe9"), "caf\xe9, new\n") << "bytes stay";
}

TEST_F(Sidecar, OnlySkippingCallsAnExistingOneDone) {
  EXPECT_FALSE(SidecarWriter({}).is_done(path()));
  write(ExistingSidecar::overwrite, {"a cat"});
  EXPECT_TRUE(SidecarWriter({}).is_done(path()));
  EXPECT_FALSE(SidecarWriter({.existing = ExistingSidecar::append}).is_done(path()));
}

TEST_F(Sidecar, ALinkStaysOne) {
  std::ofstream(path("elsewhere.txt")) << "old";
  fs::create_symlink("elsewhere.txt", path());
  write(ExistingSidecar::append, {"new"});
  EXPECT_TRUE(fs::is_symlink(path()));
  EXPECT_EQ(content("elsewhere.txt"), "old, new\n");
}

TEST_F(Sidecar, ANameAsLongAsNamesCanBeIsWritten) {
  const std::string name = std::string(251, 'x') + ".txt";
  SidecarWriter({}).write(path(name), std::vector<std::string>{"a cat"});
  EXPECT_EQ(content(name), "a cat\n");
}

TEST_F(Sidecar, WhatCannotBeWrittenIsNamedAndLeavesNothing) {
  fs::create_directory(path());
  expect_error(ErrorCode::unreadable, path().string() + ": cannot be written: Is a directory",
               [&] { write(ExistingSidecar::overwrite, {"a cat"}); });
  EXPECT_EQ(std::distance(fs::directory_iterator(path().parent_path()), {}), 1);
  std::ofstream(path("file")) << "x";
  expect_error(ErrorCode::unreadable, "cannot be written: Not a directory", [&] {
    SidecarWriter({}).write(path("file/a.txt"), std::vector<std::string>{"a cat"});
  });
  std::ofstream(path("utf16.txt"), std::ios::binary) << "\xFF\xFE";
  expect_error(ErrorCode::unsupported, "UTF-16", [&] {
    SidecarWriter({.existing = ExistingSidecar::append})
        .write(path("utf16.txt"), std::vector<std::string>{"a cat"});
  });
}

}  // namespace
}  // namespace blip::app
