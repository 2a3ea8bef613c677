// Labels and tags as records.
#pragma once

#include <vector>

#include "app/records/record.hpp"
#include "app/scored_label.hpp"

namespace blip::cli {

/// A record has a list "labels" of {"label", "score"}.
app::RecordSchema label_schema();

/// For each image one finding, with a result for each label.
std::vector<std::vector<app::Finding>> findings_of(
    const std::vector<std::vector<app::ScoredLabel>>& images);

}  // namespace blip::cli
