// A ModelReport as a person or a program reads it.
#pragma once

#include <string>

#include "app/models/model_report.hpp"

namespace blip::app {

std::string report_as_text(const ModelReport& report, bool with_tensors);
/// One object; `indent` below 0 puts it on one line.
std::string report_as_json(const ModelReport& report, bool with_tensors, int indent);

}  // namespace blip::app
