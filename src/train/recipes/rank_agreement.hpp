// Whether all processes of a training hold the same model.
#pragma once

#include "train/model/parameters.hpp"
#include "train/run/process_group.hpp"

namespace blip::train {

/// Compares every tensor's bits over the processes, which must all call it. They start with the
/// same values and take the same steps, so a difference means that the processes do not train
/// together: other data or options, another library, a broken GPU. Throws malformed, naming the
/// first tensor that differs.
void require_agreement(const ProcessGroup& group, const NamedTensors& state);

}  // namespace blip::train
