#include "train/objectives/sentence_space.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace blip::train {
namespace {

TEST(SentenceSpace, PicturesAreAmongSentencesAndSentencesAmongPictures) {
  // Unit vectors at these angles; the first two are of one picture.
  const torch::Tensor image_angles = torch::tensor({0.1, 0.2, 1.0}, torch::kFloat64);
  const torch::Tensor sentence_angles = torch::tensor({0.0, 0.3, 1.2}, torch::kFloat64);
  const auto vectors = [](const torch::Tensor& angles) {
    return torch::stack({angles.cos(), angles.sin()}, 1);
  };
  const torch::Tensor loss = sentence_space_loss(vectors(image_angles), vectors(sentence_angles),
                                                 torch::tensor({4L, 4L, 9L}, torch::kInt64));
  const auto cosine = [&](int image, int sentence) {
    return std::cos(image_angles[image].item<double>() - sentence_angles[sentence].item<double>()) /
           0.05;
  };
  const auto row_loss = [](const std::array<double, 3>& values,
                           const std::array<double, 3>& share) {
    double sum = 0;
    for (const double value : values) sum += std::exp(value);
    double result = 0;
    for (std::size_t i = 0; i < 3; ++i) result -= share[i] * (values[i] - std::log(sum));
    return result;
  };
  double wanted = 0;
  for (int i = 0; i < 3; ++i) {
    const std::array<double, 3> share =
        i < 2 ? std::array{0.5, 0.5, 0.0} : std::array{0.0, 0.0, 1.0};
    wanted += row_loss({cosine(i, 0), cosine(i, 1), cosine(i, 2)}, share) / 6;
    wanted += row_loss({cosine(0, i), cosine(1, i), cosine(2, i)}, share) / 6;
  }
  EXPECT_NEAR(loss.item<double>(), wanted, 1e-9);
}

}  // namespace
}  // namespace blip::train
