#include "eval/npy_matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "eval/retrieval_pairs.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;

template <typename Number>
std::string npy(const std::string& dictionary, const std::vector<Number>& elements,
                char version = 1) {
  std::string bytes = std::string("\x93NUMPY") + version + '\0';
  bytes += static_cast<char>(dictionary.size());
  bytes += '\0';
  if (version > 1) bytes += std::string(2, '\0');
  bytes += dictionary;
  return bytes.append(reinterpret_cast<const char*>(elements.data()),
                      elements.size() * sizeof(Number));
}

const std::string kFloats = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n";
const std::vector<float> kSix = {1, 2, 3, 4, 5, 6};

TEST(NpyMatrix, RowByRowWhateverTheOrderOfTheFile) {
  for (const char version : {'\1', '\2', '\3'}) {
    const auto matrix = eval::parse_npy_matrix(npy(kFloats, kSix, version), "m");
    EXPECT_EQ(matrix.rows, 2U);
    EXPECT_EQ(matrix.columns, 3U);
    EXPECT_THAT(matrix.values, ElementsAre(1, 2, 3, 4, 5, 6));
  }
  const auto columns = eval::parse_npy_matrix(
      npy("{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"<f4\"}", kSix), "m");
  EXPECT_THAT(columns.values, ElementsAre(1, 3, 5, 2, 4, 6));
  const auto doubles = eval::parse_npy_matrix(
      npy<double>("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}", {0.5, 1e300}), "m");
  EXPECT_THAT(doubles.values, ElementsAre(0.5F, std::numeric_limits<float>::infinity()));
}

TEST(NpyMatrix, RefusesAnythingElse) {
  const std::string good = npy(kFloats, kSix);
  EXPECT_NO_THROW(eval::parse_npy_matrix(good, "m"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(eval::parse_npy_matrix(good.substr(0, size), "m"), Error) << size;
  }
  EXPECT_THROW(eval::parse_npy_matrix(good + "x", "m"), Error);
  for (const char* dictionary :
       {"", "{}", "{'descr': '<f4'}", "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}"}) {
    EXPECT_THROW(eval::parse_npy_matrix(npy(dictionary, kSix), "m"), Error) << dictionary;
  }
  EXPECT_THROW(eval::parse_npy_matrix(npy(kFloats, kSix, '\4'), "m"), Error);
}

TEST(RetrievalPairs, ByTextByImageOrInOrder) {
  EXPECT_THAT(eval::parse_image_of_text("[0, 0, 1]", "p"), ElementsAre(0, 0, 1));
  EXPECT_THAT(eval::parse_image_of_text("[[2, 0], [1]]", "p"), ElementsAre(0, 1, 0));
  EXPECT_THAT(eval::images_in_order(2, 2), ElementsAre(0, 0, 1, 1));
  for (const char* bad : {"", "{}", "[]", "5", "[-1]", "[0.5]", "[[0], 1]", "[0, [1]]", "[[0, 0]]",
                          "[[0], [0]]", "[[1]]", "[[\"a\"]]"}) {
    EXPECT_THROW(eval::parse_image_of_text(bad, "p"), Error) << bad;
  }
}

}  // namespace
}  // namespace blip::testing
