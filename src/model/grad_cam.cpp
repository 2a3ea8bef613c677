#include "model/grad_cam.hpp"

#include <algorithm>

namespace blip {

void GradCamRows::add(std::int64_t loss, std::int64_t token, float weight,
                      std::span<float> out) const {
  const std::int64_t first = head_.value_or(0);
  const std::int64_t last = head_ ? first + 1 : heads_;
  const float share = weight / static_cast<float>(last - first);
  for (std::int64_t head = first; head < last; ++head) {
    const float* probabilities =
        activations_.cross_probabilities.data() + (head * tokens_ + token) * stride_;
    const float* gradients =
        gradients_.data() + ((loss * heads_ + head) * tokens_ + token) * states_;
    for (std::int64_t patch = 0; patch + 1 < states_; ++patch) {
      out[static_cast<std::size_t>(patch)] +=
          share * probabilities[patch + 1] * std::max(gradients[patch + 1], 0.0F);
    }
  }
}

}  // namespace blip
