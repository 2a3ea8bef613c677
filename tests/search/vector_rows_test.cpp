#include "search/vector_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace blip::search {
namespace {

// Numbers between -1 and 1 that repeat nowhere soon.
float number_at(std::size_t i) {
  return static_cast<float>(std::sin(static_cast<double>(i) * 12.9898));
}

TEST(VectorRows, ProductsAreThoseOfDoublePrecision) {
  for (const int dims : {1, 15, 16, 17, 256}) {
    const auto size = static_cast<std::size_t>(dims);
    VectorRows rows(dims);
    constexpr std::size_t kRows = 9000;  // several tasks, the last one not full
    std::vector<float> vector(size);
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t i = 0; i < size; ++i) vector[i] = number_at(r * size + i);
      rows.add(static_cast<std::int64_t>(r) * 3, vector);
    }
    for (std::size_t i = 0; i < size; ++i) vector[i] = number_at(i * 7 + 1);
    ThreadPool one(1);
    ThreadPool three(3);
    const std::vector<float> products = rows.products(vector, three);
    ASSERT_EQ(products.size(), kRows);
    EXPECT_EQ(products, rows.products(vector, one));
    for (std::size_t r = 0; r < kRows; r += 101) {
      double exact = 0;
      for (std::size_t i = 0; i < size; ++i) exact += double{rows.row(r)[i]} * double{vector[i]};
      EXPECT_NEAR(products[r], exact, 1e-5 * static_cast<double>(size)) << dims << " " << r;
    }
    EXPECT_EQ(rows.pictures()[2], 6);
  }
}

TEST(VectorRows, OfNothingThereAreNone) {
  ThreadPool threads(1);
  EXPECT_TRUE(VectorRows(4).products(std::vector<float>(4), threads).empty());
}

}  // namespace
}  // namespace blip::search
