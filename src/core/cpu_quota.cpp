#include "core/cpu_quota.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace blip {
namespace {

using Path = std::filesystem::path;

// The first words of a small file; empty ones if it is not there.
std::pair<std::string, std::string> words_of(const Path& file) {
  std::pair<std::string, std::string> words;
  std::ifstream stream(file);
  stream >> words.first >> words.second;
  return words;
}

// Nothing for "max", -1 (both: no quota) and what is no number.
std::optional<double> ratio(const std::string& quota, const std::string& period) {
  try {
    const double time = std::stod(quota);
    const double of = std::stod(period);
    if (time > 0 && of > 0) return time / of;
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> quota_v2(const Path& group) {
  const auto [quota, period] = words_of(group / "cpu.max");
  return ratio(quota, period);
}

std::optional<double> quota_v1(const Path& group) {
  return ratio(words_of(group / "cpu.cfs_quota_us").first,
               words_of(group / "cpu.cfs_period_us").first);
}

void keep_least(std::optional<double>& least, std::optional<double> other) {
  if (other) least = least ? std::min(*least, *other) : *other;
}

// The least quota of the group at `path` below `mount` and of all above it. In a container the path
// may be the host's, which does not exist there; the container's own group is then the mount.
std::optional<double> least_quota(const Path& mount, const std::string& path,
                                  std::optional<double> (*quota_of)(const Path&)) {
  std::optional<double> least;
  for (Path below = Path(path).relative_path(); !below.empty(); below = below.parent_path()) {
    keep_least(least, quota_of(mount / below));
  }
  keep_least(least, quota_of(mount));
  return least;
}

// A line of /proc/self/cgroup is "NUMBER:CONTROLLERS:PATH"; version 2 has the number 0 and no
// controllers.
struct Membership {
  std::string controllers;
  std::string path;
};

std::optional<Membership> parse_membership(const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return Membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

bool has_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::string_view name = controllers.substr(0, controllers.find(','));
    if (name == "cpu") return true;
    controllers.remove_prefix(std::min(controllers.size(), name.size() + 1));
  }
  return false;
}

}  // namespace

std::optional<double> cpu_quota(const CgroupFiles& files) {
  std::optional<double> least;
  std::ifstream stream(files.membership);
  for (std::string line; std::getline(stream, line);) {
    const auto member = parse_membership(line);
    if (!member) continue;
    if (member->controllers.empty()) {
      // "unified" is where it is on systems that have both versions.
      for (const Path& mount : {files.root, files.root / "unified"}) {
        keep_least(least, least_quota(mount, member->path, quota_v2));
      }
    } else if (has_cpu(member->controllers)) {
      for (const Path& mount : {files.root / member->controllers, files.root / "cpu"}) {
        keep_least(least, least_quota(mount, member->path, quota_v1));
      }
    }
  }
  return least;
}

int threads_within(int cores, std::optional<double> quota) noexcept {
  if (!quota || *quota >= cores) return cores;
  return std::max(1, static_cast<int>(std::ceil(*quota)));
}

}  // namespace blip
