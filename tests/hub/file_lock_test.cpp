#include "hub/file_lock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::hub {
namespace {

TEST(FileLock, KeepsOthersOut) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "x.lock";
  int asked = 0;
  {
    const FileLock lock(file, [] { return true; });
    EXPECT_TRUE(lock.excludes_others());
    expect_error(ErrorCode::cancelled, "stopped waiting for another process",
                 [&] { const FileLock second(file, [&] { return ++asked < 3; }); });
  }
  EXPECT_EQ(asked, 3);
  const FileLock third(file, [] { return false; });
  EXPECT_TRUE(third.excludes_others());
}

TEST(FileLock, WaitsForAnotherProcess) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "x.lock";
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // as Python's filelock does it
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT, 0664);
    ::flock(descriptor, LOCK_EX);
    static_cast<void>(!::write(ready[1], "x", 1));
    ::usleep(300'000);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  int asked = 0;
  const FileLock lock(file, [&] {
    ++asked;
    return true;
  });
  EXPECT_TRUE(lock.excludes_others());
  EXPECT_GE(asked, 1);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileLock, AFileThatCannotBeMadeIsNamed) {
  expect_error(ErrorCode::unreadable, "/no/such/directory/x.lock: cannot be opened",
               [] { const FileLock lock("/no/such/directory/x.lock", [] { return true; }); });
}

}  // namespace
}  // namespace blip::hub
