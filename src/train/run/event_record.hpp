// The bytes of a TensorBoard event file: TFRecords of tensorflow.Event messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "train/run/step_values.hpp"

namespace blip::train {

/// Each is one record: length, its checksum, the message, its checksum. `time`: seconds since 1970.
/// The first record of a file.
std::string version_record(double time);
/// Says that the run goes on after `step`: TensorBoard forgets what older files have from there on.
std::string start_record(double time, std::int64_t step);
/// Values of one step, by tag.
std::string scalars_record(double time, std::int64_t step, const StepValues& values);

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), with which TFRecord files guard their records.
std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace blip::train
