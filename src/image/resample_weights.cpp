#include "image/resample_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace blip::image {
namespace {

// The kernels follow Pillow's src/libImaging/Resample.c expression by expression: a different
// order of the same arithmetic moves some weight across a rounding boundary.

double box(double x) {
  // Half open: a sample on the border between two outputs counts for one of them only.
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

double triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double hamming(double x) {
  x = std::abs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54F + 0.46F * std::cos(x));
}

double cubic(double x) {
  constexpr double kA = -0.5;  // Catmull-Rom, as in Pillow and torch's antialiased resize
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) {
  return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

struct Kernel {
  double (*value)(double);
  double support;  // value(x) is 0 for |x| > support
};

Kernel kernel_of(Resample filter) {
  switch (filter) {
    case Resample::box:
      return {box, 0.5};
    case Resample::bilinear:
      return {triangle, 1.0};
    case Resample::hamming:
      return {hamming, 1.0};
    case Resample::lanczos:
      return {lanczos, 3.0};
    case Resample::bicubic:
    case Resample::nearest:
      break;
  }
  return {cubic, 2.0};
}

std::int32_t to_fixed_point(double weight) {
  constexpr double kOne = std::int32_t{1} << kWeightFractionBits;
  return static_cast<std::int32_t>(weight < 0 ? -0.5 + weight * kOne : 0.5 + weight * kOne);
}

}  // namespace

ResampleWeights resample_weights(int input_size, int output_size, Resample filter) {
  const Kernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(input_size) / output_size;
  // Shrinking widens the kernel, so that every input sample has a say.
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  const double inverse_scale = 1.0 / filter_scale;

  ResampleWeights result;
  result.windows.reserve(static_cast<std::size_t>(output_size));
  std::vector<double> window_weights;
  for (int i = 0; i < output_size; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), input_size);

    window_weights.clear();
    double sum = 0.0;
    for (int t = first; t < last; ++t) {
      window_weights.push_back(kernel.value((t - center + 0.5) * inverse_scale));
      sum += window_weights.back();
    }
    result.windows.push_back({first, last - first, result.weights.size()});
    for (const double weight : window_weights) {
      result.weights.push_back(to_fixed_point(sum != 0.0 ? weight / sum : weight));
    }
  }
  return result;
}

}  // namespace blip::image
