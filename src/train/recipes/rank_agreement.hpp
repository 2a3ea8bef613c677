// Whether all processes of a training hold the same model and are at the same place.
#pragma once

#include <cstddef>

#include "train/model/parameters.hpp"
#include "train/run/process_group.hpp"
#include "train/run/run_checkpoint.hpp"

namespace blip::train {

/// Compares every tensor's bits over the processes, which must all call it. They start with the
/// same values and take the same steps, so a difference means that the processes do not train
/// together: other data or options, another library, a broken GPU. Throws malformed, naming the
/// first tensor that differs.
void require_agreement(const ProcessGroup& group, const NamedTensors& state);

/// Compares what the processes are about to do: the place in the data and how many rows those have.
/// Every process must call it. Throws invalid_argument, naming the first that differs: it found
/// another checkpoint, or none, or other data.
void require_same_start(const ProcessGroup& group, const RunPosition& position, std::size_t rows);

}  // namespace blip::train
