// A checkpoint in a run with other options than the one that wrote it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/run/run_checkpoint.hpp"

namespace blip::train {

/// Keys whose values differ between two configurations, both as config_as_json writes them:
/// "data.batch", … Of a text that is none, nothing is known: no keys.
std::vector<std::string> changed_keys(const std::string& before, const std::string& now);

/// Rows that a step of the run took, all processes together (of captions that are learnt together
/// every one); 0 if its configuration does not say.
std::int64_t rows_of_step(const RunState& state);

/// `position` where a step takes `rows` instead of `rows_before`: behind as many rows of the epoch,
/// rounded down to whole steps, so that fewer than one step's are seen twice and none is left out
/// before the epoch's last step. The count of steps stays: schedules go by it.
RunPosition position_in_steps_of(std::int64_t rows, std::int64_t rows_before,
                                 std::int64_t steps_per_epoch, RunPosition position);

}  // namespace blip::train
