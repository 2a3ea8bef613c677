// CRC-32C (Castagnoli, RFC 3720 appendix B.4), with which TFRecord files guard their records.
#pragma once

#include <cstdint>
#include <string_view>

namespace blip::train {

std::uint32_t crc32c(std::string_view bytes) noexcept;

/// As TFRecord stores it, so that a checksum of data that holds checksums stays one:
/// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
std::uint32_t masked_crc32c(std::string_view bytes) noexcept;

}  // namespace blip::train
