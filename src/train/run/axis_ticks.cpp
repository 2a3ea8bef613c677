#include "train/run/axis_ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace blip::train {
namespace {

double nice_distance(double range, int wanted) {
  const double rough = range / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double ratio = rough / power;  // 1 to 10; to the nearest of 1, 2, 5 and 10
  if (ratio < 1.5) return power;
  if (ratio < 3.5) return 2 * power;
  return ratio < 7.5 ? 5 * power : 10 * power;
}

// `distance` decides how many digits tell two neighbours apart, `largest` the unit.
std::string label(double value, double distance, double largest) {
  if (value == 0) return "0";
  if (largest >= 1e6 && distance >= 1e4) return fmt::format("{:g}M", value / 1e6);
  if (largest >= 1e4 && distance >= 10) return fmt::format("{:g}k", value / 1e3);
  if (largest < 1e-2) {
    // 2.5e-5, not 2.5e-05.
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
    return fmt::format("{:.3g}e{}", value / std::pow(10.0, exponent), exponent);
  }
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(distance) - 1e-9)));
  return fmt::format("{:.{}f}", value, digits);
}

}  // namespace

AxisTicks axis_ticks(double least, double most, int wanted) {
  const double distance = nice_distance(most - least, wanted);
  const double largest = std::max(std::abs(least), std::abs(most));
  AxisTicks ticks;
  const double slack = distance * 1e-9;
  for (double step = std::ceil((least - slack) / distance); step * distance <= most + slack;
       ++step) {
    // Not -0.
    const double value = step == 0 ? 0.0 : step * distance;
    ticks.values.push_back(value);
    ticks.labels.push_back(label(value, distance, largest));
  }
  return ticks;
}

}  // namespace blip::train
