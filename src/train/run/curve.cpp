#include "train/run/curve.hpp"

#include <algorithm>

namespace blip::train {

std::vector<LogPoint> smoothed(std::span<const LogPoint> points, double weight) {
  std::vector<LogPoint> result;
  result.reserve(points.size());
  double average = 0;
  double weights = 0;
  for (const LogPoint& point : points) {
    average = weight * average + (1 - weight) * point.value;
    weights = weight * weights + (1 - weight);
    result.push_back({point.step, average / weights});
  }
  return result;
}

std::vector<LogPoint> thinned(std::span<const LogPoint> points, std::size_t columns) {
  if (points.size() <= 2 * columns) return {points.begin(), points.end()};
  const double first = static_cast<double>(points.front().step);
  const double range = static_cast<double>(points.back().step) - first;
  const auto column_of = [&](const LogPoint& point) {
    const double share = (static_cast<double>(point.step) - first) / range;
    return static_cast<std::size_t>(share * static_cast<double>(columns));
  };
  const auto lower = [](const LogPoint& left, const LogPoint& right) {
    return left.value < right.value;
  };
  std::vector<LogPoint> result;
  for (auto begin = points.begin(); begin != points.end();) {
    const auto end = std::find_if(begin, points.end(), [&](const LogPoint& point) {
      return column_of(point) != column_of(*begin);
    });
    auto [low, high] = std::minmax_element(begin, end, lower);
    if (high < low) std::swap(low, high);
    result.push_back(*low);
    if (high != low) result.push_back(*high);
    begin = end;
  }
  return result;
}

std::pair<double, double> usual_range(std::span<const LogPoint> points) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const LogPoint& point : points) values.push_back(point.value);
  std::sort(values.begin(), values.end());
  const std::size_t cut = values.size() / 100;
  return {values[cut], values[values.size() - 1 - cut]};
}

}  // namespace blip::train
