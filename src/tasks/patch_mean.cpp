#include "tasks/patch_mean.hpp"

namespace blip {

void append_patch_mean(const float* state, std::int64_t tokens, std::int64_t leading,
                       std::int64_t width, std::vector<float>& out) {
  std::vector<double> sums(static_cast<std::size_t>(width));
  const float* value = state + leading * width;
  for (std::int64_t token = leading; token < tokens; ++token) {
    for (double& sum : sums) sum += static_cast<double>(*value++);
  }
  const auto patches = static_cast<double>(tokens - leading);
  for (const double sum : sums) out.push_back(static_cast<float>(sum / patches));
}

}  // namespace blip
