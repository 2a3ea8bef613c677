#include "tasks/embedding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "generate/largest_logit.hpp"
#include "kernels/linear.hpp"
#include "tasks/decoding.hpp"
#include "tasks/image_memory.hpp"

namespace blip {

Tensor project(const float* x, std::int64_t rows, const Linear& projection, Context& context) {
  Tensor out{{rows, projection.weight.rows}, {}};
  out.data.resize(static_cast<std::size_t>(rows * projection.weight.rows));
  if (rows > 0) {
    linear(x, rows, projection, out.data.data(), context);
    require_finite(out.data);
  }
  return out;
}

void normalize_rows(Tensor& x) {
  constexpr double kEpsilon = 1e-12;  // torch's: a vector of zeros stays one
  const std::int64_t width = x.shape.back();
  for (std::int64_t row = 0; row < x.shape.front(); ++row) {
    float* values = x.data.data() + row * width;
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      squares += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
    const auto norm = static_cast<float>(std::max(std::sqrt(squares), kEpsilon));
    for (std::int64_t i = 0; i < width; ++i) values[i] /= norm;
  }
}

std::vector<float> class_tokens(std::span<const EncodedImage> images, std::int64_t width) {
  require_width(images, width);
  std::vector<float> tokens;
  tokens.reserve(images.size() * static_cast<std::size_t>(width));
  for (const EncodedImage& image : images) {
    const auto first = image.last_hidden_state().data.begin();
    tokens.insert(tokens.end(), first, first + width);
  }
  return tokens;
}

float probability_of_second(std::span<const float> logits) {
  return 1.0F / (1.0F + std::exp(logits[0] - logits[1]));
}

float dot(std::span<const float> a, std::span<const float> b) {
  return static_cast<float>(std::inner_product(a.begin(), a.end(), b.begin(), 0.0));
}

Tensor scaled_cosines(TensorView images, TensorView texts, std::int64_t width, float scale) {
  require_matrix(images, width, "image_features");
  require_matrix(texts, width, "text_features");
  const auto normalised = [](TensorView features) {
    Tensor copy{{features.shape.begin(), features.shape.end()},
                {features.data.begin(), features.data.end()}};
    normalize_rows(copy);
    return copy;
  };
  const Tensor of_images = normalised(images);
  const Tensor of_texts = normalised(texts);
  Tensor logits{{of_images.shape[0], of_texts.shape[0]}, {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(of_images.shape[0]); ++i) {
    for (std::size_t t = 0; t < static_cast<std::size_t>(of_texts.shape[0]); ++t) {
      logits.data.push_back(dot(row_of(of_images, i), row_of(of_texts, t)) * scale);
    }
  }
  return logits;
}

std::span<const float> row_of(const Tensor& x, std::size_t index) {
  const auto width = static_cast<std::size_t>(x.shape.back());
  return x.values().subspan(index * width, width);
}

}  // namespace blip
