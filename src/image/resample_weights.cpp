#include "image/resample_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

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

std::int32_t to_fixed_point(double weight, int fraction_bits) {
  const double one = std::int32_t{1} << fraction_bits;
  return static_cast<std::int32_t>(weight < 0 ? -0.5 + weight * one : 0.5 + weight * one);
}

// The windows of some outputs, and their weights with a sum of 1.
struct ExactWeights {
  std::vector<ResampleWeights::Window> windows;
  std::vector<double> weights;
};

ExactWeights exact_weights(const ResampledAxis& axis, const Kernel& kernel) {
  const double scale = static_cast<double>(axis.input_size) / axis.output_size;
  // Shrinking widens the kernel, so that every input sample has a say.
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  const double inverse_scale = 1.0 / filter_scale;

  ExactWeights result;
  result.windows.reserve(static_cast<std::size_t>(axis.count));
  for (int i = axis.first; i < axis.first + axis.count; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), axis.input_size);

    const std::size_t offset = result.weights.size();
    double sum = 0.0;
    for (int t = first; t < last; ++t) {
      result.weights.push_back(kernel.value((t - center + 0.5) * inverse_scale));
      sum += result.weights.back();
    }
    result.windows.push_back({first, last - first, offset});
    if (sum == 0.0) continue;
    for (std::size_t t = offset; t < result.weights.size(); ++t) result.weights[t] /= sum;
  }
  return result;
}

// torchvision's weights are 16-bit integers.
int torchvision_fraction_bits(const ExactWeights& weights) {
  constexpr double kLimit = 1 << 15;
  double largest = 0.0;
  for (const double weight : weights.weights) largest = std::max(largest, weight);
  int bits = 0;
  while (bits < kWeightFractionBits && std::floor(0.5 + largest * (1 << (bits + 1))) < kLimit) {
    ++bits;
  }
  return bits;
}

// What is left of all outputs: those that are wanted.
ExactWeights selected(const ExactWeights& all, const ResampledAxis& axis) {
  const auto first = all.windows.begin() + axis.first;
  ExactWeights result;
  result.windows.assign(first, first + axis.count);
  const std::size_t begin = result.windows.front().offset;
  const auto& last = result.windows.back();
  const std::size_t end = last.offset + static_cast<std::size_t>(last.count);
  result.weights.assign(all.weights.begin() + static_cast<std::ptrdiff_t>(begin),
                        all.weights.begin() + static_cast<std::ptrdiff_t>(end));
  for (auto& window : result.windows) window.offset -= begin;
  return result;
}

}  // namespace

ResampleWeights resample_weights(const ResampledAxis& axis, Resample filter, ImageBackend backend) {
  ExactWeights exact;
  int bits = kWeightFractionBits;
  if (backend == ImageBackend::pillow) {
    exact = exact_weights(axis, kernel_of(filter));
  } else {
    const ResampledAxis whole = {
        .input_size = axis.input_size, .output_size = axis.output_size, .count = axis.output_size};
    exact = exact_weights(whole, kernel_of(filter));
    bits = torchvision_fraction_bits(exact);
    exact = selected(exact, axis);
  }
  ResampleWeights result;
  result.windows = std::move(exact.windows);
  result.weights.reserve(exact.weights.size());
  // (half + sum) >> bits stays the same where weights and half have further bits that are 0.
  const std::int32_t missing = std::int32_t{1} << (kWeightFractionBits - bits);
  for (const double weight : exact.weights) {
    result.weights.push_back(to_fixed_point(weight, bits) * missing);
  }
  return result;
}

}  // namespace blip::image
