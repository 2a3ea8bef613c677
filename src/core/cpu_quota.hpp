// The processor time that a container may use, which can be less than its cores have.
#pragma once

#include <filesystem>
#include <optional>

namespace blip {

/// Where the kernel says it; tests name other directories.
struct CgroupFiles {
  std::filesystem::path membership = "/proc/self/cgroup";
  std::filesystem::path root = "/sys/fs/cgroup";
};

/// Cores' worth of time that this process may use by the quotas of its control groups and of those
/// above them, of version 1 (cpu.cfs_quota_us) and 2 (cpu.max): the least of all. Nothing: there is
/// no quota.
std::optional<double> cpu_quota(const CgroupFiles& files = {});

/// Threads that keep `cores` busy within `quota`: a part of a core counts as one.
int threads_within(int cores, std::optional<double> quota) noexcept;

}  // namespace blip
