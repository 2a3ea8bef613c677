// state.json of a checkpoint: everything of a RunState that is no tensor.
#pragma once

#include <string>

#include "train/run/run_checkpoint.hpp"

namespace blip::train {

/// Counts the changes of the format that an older program cannot read.
inline constexpr int kCheckpointVersion = 1;

std::string run_state_as_json(const RunState& state);

/// Without tensors. `name` stands for the file in messages. Throws malformed or unsupported.
RunState parse_run_state(const std::string& text, const std::string& name);

}  // namespace blip::train
