// The kernels' definitions in double precision, and what the tests of them share.
#pragma once

#include <hwy/targets.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/x86_extensions.hpp"

namespace blip {

inline std::vector<float> random_floats(std::size_t count, std::uint32_t seed,
                                        float spread = 1.0F) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0F, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

// x: [M, C], weight: [O, C] → [M, O]
inline std::vector<double> product(const std::vector<float>& x, const std::vector<float>& weight,
                                   std::size_t m, std::size_t channels) {
  const std::size_t outputs = weight.size() / channels;
  std::vector<double> out(m * outputs);
  for (std::size_t row = 0; row < m; ++row) {
    for (std::size_t o = 0; o < outputs; ++o) {
      double sum = 0.0;
      for (std::size_t c = 0; c < channels; ++c) {
        sum += static_cast<double>(x[row * channels + c]) * weight[o * channels + c];
      }
      out[row * outputs + o] = sum;
    }
  }
  return out;
}

inline double exact_gelu(double x) {
  return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
}

inline double exact_quick_gelu(double x) {
  return x / (1.0 + std::exp(-1.702 * x));
}

inline double exact_tanh_gelu(double x) {
  constexpr double kSqrt2ByPi = 0.79788456080286535588;
  return 0.5 * x * (1.0 + std::tanh(kSqrt2ByPi * (x + 0.044715 * x * x * x)));
}

inline double exact_silu(double x) {
  return x / (1.0 + std::exp(-x));
}

inline std::vector<double> exact_softmax(const std::vector<double>& scores, double scale) {
  double largest = scores.front();
  for (const double score : scores) largest = std::max(largest, score);
  double sum = 0.0;
  std::vector<double> out;
  for (const double score : scores) sum += out.emplace_back(std::exp((score - largest) * scale));
  for (double& value : out) value /= sum;
  return out;
}

/// Runs `test` once with each instruction set that this machine has, as if it had no better one.
template <typename Test>
void on_every_target(const Test& test) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    test(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Runs `test` once with each instruction set and each extension of this machine.
template <typename Test>
void on_every_path(const Test& test) {
  on_every_target([&](const char* target) {
    for (const X86Extension most :
         {X86Extension::none, X86Extension::avx512_vnni, X86Extension::amx}) {
      limit_x86_extension(most);
      // What this machine does not have has been tested as what it has.
      if (best_x86_extension() == most) {
        test(std::string(target) + " extension " + std::to_string(static_cast<int>(most)));
      }
    }
  });
}

}  // namespace blip
