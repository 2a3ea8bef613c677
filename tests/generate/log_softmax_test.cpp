#include "generate/log_softmax.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "blip/error.hpp"

namespace blip {
namespace {

std::vector<double> exact_log_softmax(const std::vector<float>& logits) {
  const double maximum = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - maximum);
  std::vector<double> result;
  for (const float logit : logits) result.push_back(logit - maximum - std::log(sum));
  return result;
}

TEST(LogSoftmax, IsExactToTheRoundingOfItsSubtractions) {
  for (const std::size_t size : {1U, 2U, 7U, 16U, 17U, 513U, 30524U}) {
    for (const float spread : {0.01F, 1.0F, 30.0F}) {
      std::vector<float> logits;
      for (std::size_t i = 0; i < size; ++i) {
        logits.push_back(spread * std::sin(static_cast<float>(i * i % 1009) * 0.37F) + 5.0F);
      }
      const auto expected = exact_log_softmax(logits);
      log_softmax(logits, logits);
      for (std::size_t i = 0; i < size; ++i) {
        const double allowed = 0x1p-22 * std::max(1.0, std::abs(expected[i]));
        ASSERT_NEAR(logits[i], expected[i], allowed) << size << " " << spread << " " << i;
      }
    }
  }
}

TEST(LogSoftmax, DamagedLogitsAreAnError) {
  for (const float flaw :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t place : {0U, 5U, 36U}) {
      std::vector<float> logits(37, 0.5F);
      logits[place] = flaw;
      EXPECT_THROW(log_softmax(logits, logits), Error) << flaw << " at " << place;
    }
  }
}

}  // namespace
}  // namespace blip
