// report.html: a run of CapFilt for people to look at.
#pragma once

#include <functional>
#include <string>

#include "train/capfilt/report_data.hpp"

namespace blip::train {

/// What the page says of the run.
struct ReportRun {
  std::string captioner;  ///< as named on the command line; empty if there was none
  std::string filter;
  std::string sampling;  ///< how captions were made: "nucleus sampling, top-p 0.9, …"
  double threshold = 0.5;
};

/// The URL of an image's thumbnail (a data: URL), or nothing if it cannot be had.
using Thumbnail = std::function<std::string(std::uint64_t image)>;

/// One page that needs no other file and loads nothing; whatever the texts are, they are shown as
/// text.
std::string report_page(const ReportRun& run, const ReportData& data, const Thumbnail& thumbnail);

}  // namespace blip::train
