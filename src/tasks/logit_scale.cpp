#include "tasks/logit_scale.hpp"

#include <cmath>

namespace blip {

float checked_logit_scale(const WeightLoader& loader, const std::string& name, float value) {
  // Twice, because a cosine may be a little more than 1.
  if (!std::isfinite(value) || !std::isfinite(2.0F * std::exp(value))) {
    loader.refuse(name, "or its exponential is not finite, so cosines times that are no scores");
  }
  return value;
}

float checked_logit_bias(const WeightLoader& loader, const std::string& name, float value) {
  if (!std::isfinite(value)) {
    loader.refuse(name, "is not finite, so nothing with it is a score");
  }
  return value;
}

}  // namespace blip
