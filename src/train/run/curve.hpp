// A curve of a log, made fit for drawing.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "train/run/log_reader.hpp"

namespace blip::train {

/// The exponential moving average that TensorBoard draws: each point is `weight` of what came
/// before and 1 - weight of its own, divided by the sum of weights so far. 0 changes nothing.
std::vector<LogPoint> smoothed(std::span<const LogPoint> points, double weight);

/// At most two points for each of `columns` equal parts of the steps: the lowest and the highest.
std::vector<LogPoint> thinned(std::span<const LogPoint> points, std::size_t columns);

/// The values that all but a hundredth of the points at either end keep to: one spike must not
/// flatten a curve. Not empty points.
std::pair<double, double> usual_range(std::span<const LogPoint> points);

}  // namespace blip::train
