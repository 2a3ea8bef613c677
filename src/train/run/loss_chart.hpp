// Loss curves as a picture.
#pragma once

#include <string>
#include <vector>

#include "train/run/log_reader.hpp"

namespace blip::train {

struct ChartLog {
  std::string name;  ///< in the legend
  LogSeries series;
};

struct ChartOptions {
  std::vector<std::string> series;  ///< which, in this order; empty: all, the losses first
  double smoothing = 0.9;           ///< 0 to below 1; see smoothed()
};

/// An SVG of one panel for each value that the logs have, with a curve for each log: pale as it was
/// logged, bold smoothed. Throws invalid_argument if there is nothing to draw or a wanted series is
/// in no log.
std::string loss_chart(const std::vector<ChartLog>& logs, const ChartOptions& options);

}  // namespace blip::train
