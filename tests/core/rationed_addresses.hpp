// RationedAddresses: little memory, as under `ulimit -v`.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace blip {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCanRationAddresses = false;  // they reserve more than any limit
#else
inline constexpr bool kCanRationAddresses = true;
#endif

/// While it is there, this process may have so many bytes of addresses more than it has.
class RationedAddresses {
 public:
  explicit RationedAddresses(std::size_t more) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    EXPECT_EQ(::getrlimit(RLIMIT_AS, &before_), 0);
    rlimit rationed = before_;
    rationed.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more;
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &rationed), 0);
  }
  ~RationedAddresses() { ::setrlimit(RLIMIT_AS, &before_); }
  RationedAddresses(const RationedAddresses&) = delete;
  RationedAddresses& operator=(const RationedAddresses&) = delete;

 private:
  rlimit before_ = {};
};

}  // namespace blip
