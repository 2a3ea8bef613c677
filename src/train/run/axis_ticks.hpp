// Where an axis has its marks, and what they say.
#pragma once

#include <string>
#include <vector>

namespace blip::train {

struct AxisTicks {
  std::vector<double> values;       ///< rising, all within the range
  std::vector<std::string> labels;  ///< as short as the distance between them allows
};

/// About `wanted` marks between least and most (least < most), at multiples of 1, 2 or 5 times a
/// power of ten.
AxisTicks axis_ticks(double least, double most, int wanted);

}  // namespace blip::train
