// Records as JSON objects.
#pragma once

#include <string>
#include <vector>

#include "app/records/record.hpp"

namespace blip::app {

/// An object for each finding, {"path": …, "question": …, "answer": …} (with "answers" if there are
/// several), or one {"path": …, "error": …}. Each is one line without its end.
std::vector<std::string> to_json(const Record& record, const RecordSchema& schema);

}  // namespace blip::app
