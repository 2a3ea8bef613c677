#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"

namespace blip {
namespace {

TEST(Decode, EqualsPillowInEveryMode) {
  const auto cases = fixtures("decode");
  ASSERT_GE(cases.size(), 140U);
  for (const auto& row : cases) {
    const std::string name = row[0];
    const Image plain = Image::open(fixture_file(name));
    EXPECT_EQ(plain.width(), row[1].get<int>()) << name;
    EXPECT_EQ(plain.height(), row[2].get<int>()) << name;
    EXPECT_EQ(fnv1a(std::as_bytes(plain.pixels())), row[3].get<std::string>()) << name;

    const Image upright = Image::open(fixture_file(name), {.apply_exif_orientation = true});
    EXPECT_EQ(upright.width(), row[4].get<int>()) << name;
    EXPECT_EQ(upright.height(), row[5].get<int>()) << name;
    EXPECT_EQ(fnv1a(std::as_bytes(upright.pixels())), row[6].get<std::string>()) << name;
  }
}

TEST(Decode, ReadsFromMemoryWhatItReadsFromAFile) {
  const auto path = fixture_file("exif_6_jpeg");
  const Image from_file = Image::open(path);
  const Image from_memory = Image::decode(bytes_of(path));
  EXPECT_TRUE(std::ranges::equal(from_file.pixels(), from_memory.pixels()));
}

TEST(Decode, WorksOnManyThreads) {
  const auto cases = fixtures("decode");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t start = 0; start < 4; ++start) {
    threads.emplace_back([&, start] {
      for (std::size_t i = start; i < cases.size(); i += 2) {  // two threads read each file
        const auto& row = cases[i % cases.size()];
        const Image image = Image::open(fixture_file(row[0].get<std::string>()));
        if (fnv1a(std::as_bytes(image.pixels())) != row[3].get<std::string>()) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace blip
