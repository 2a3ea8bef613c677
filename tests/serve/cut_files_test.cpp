// A file that is cut short while it is mapped.
#include "serve/operations/cut_files.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace blip::serve {
namespace {

TEST(CutFiles, ReadAsZerosAndAreCounted) {
  survive_cut_files();
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  ASSERT_NE(file, nullptr);
  const int descriptor = fileno(file.get());
  const std::string bytes(2 * page, 'x');
  ASSERT_EQ(pwrite(descriptor, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  void* const mapped = mmap(nullptr, bytes.size(), PROT_READ, MAP_SHARED, descriptor, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  const volatile char* const text = static_cast<const char*>(mapped);
  EXPECT_EQ(text[0], 'x');
  EXPECT_EQ(text[page], 'x');

  const std::uint64_t before = cut_pages();
  ASSERT_EQ(ftruncate(descriptor, static_cast<off_t>(page)), 0);
  EXPECT_EQ(text[0], 'x');
  EXPECT_EQ(cut_pages(), before);
  EXPECT_EQ(text[page + 1], 0);
  EXPECT_EQ(cut_pages(), before + 1);
  munmap(mapped, bytes.size());
}

}  // namespace
}  // namespace blip::serve
