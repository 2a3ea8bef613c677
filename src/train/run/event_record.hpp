// The bytes of a TensorBoard event file: TFRecords of tensorflow.Event messages.
#pragma once

#include <cstdint>
#include <string>

#include "train/run/training_guards.hpp"

namespace blip::train {

/// Each is one record: length, its checksum, the message, its checksum. `time`: seconds since 1970.
/// The first record of a file.
std::string version_record(double time);
/// Says that the run goes on after `step`: TensorBoard forgets what older files have from there on.
std::string start_record(double time, std::int64_t step);
/// Values of one step, by tag.
std::string scalars_record(double time, std::int64_t step, const StepValues& values);

}  // namespace blip::train
