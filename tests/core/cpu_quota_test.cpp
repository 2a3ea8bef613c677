#include "core/cpu_quota.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

class CpuQuota : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((directory_.path() / name).parent_path());
    directory_.write(name, text);
  }
  [[nodiscard]] std::optional<double> quota() const {
    return cpu_quota(
        {.membership = directory_.path() / "cgroup", .root = directory_.path() / "fs"});
  }

  TemporaryDirectory directory_;
};

TEST_F(CpuQuota, OfVersion2IsTheLeastOfTheGroupAndThoseAbove) {
  write("cgroup", "0::/user/job\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/user/job/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/user/cpu.max", "350000 100000\n");
  EXPECT_EQ(quota(), 3.5);
  write("fs/user/job/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2.0);
}

TEST_F(CpuQuota, OfVersion1IsInTwoFiles) {
  write("cgroup", "5:memory:/a\n4:cpu,cpuacct:/a\n0::/\n");
  write("fs/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  write("fs/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(quota(), 0.5);
}

// Within a container the path is the host's, and the group is the mount itself.
TEST_F(CpuQuota, OfAContainerIsAtTheMount) {
  write("cgroup", "0::/docker/0123\n3:cpu:/docker/0123\n");
  write("fs/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4.0);
  write("fs/cpu/cpu.cfs_quota_us", "100000\n");
  write("fs/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 1.0);
}

TEST_F(CpuQuota, NonsenseIsNone) {
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup", "nonsense\n0::/\n");
  write("fs/cpu.max", "a lot\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("fs/cpu.max", "");
  EXPECT_EQ(quota(), std::nullopt);
}

TEST(ThreadsWithin, APartOfACoreCountsAsOne) {
  EXPECT_EQ(threads_within(8, std::nullopt), 8);
  EXPECT_EQ(threads_within(8, 2.0), 2);
  EXPECT_EQ(threads_within(8, 2.5), 3);
  EXPECT_EQ(threads_within(8, 0.1), 1);
  EXPECT_EQ(threads_within(2, 16.0), 2);
}

}  // namespace
}  // namespace blip
