// Field numbers are those of tensorflow/core/util/event.proto and framework/summary.proto.
#include "train/run/event_record.hpp"

#include <array>
#include <bit>
#include <string_view>

namespace blip::train {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1U) != 0 ? kReversedPolynomial : 0U);
    }
    table[byte] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

// As TFRecord stores it, so that a checksum of data that holds checksums stays one:
// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kLengthDelimited = 2;
constexpr unsigned kFixed32 = 5;

// The `count` low bytes of `value`, lowest first.
std::string little_endian(std::uint64_t value, unsigned count) {
  std::string bytes;
  for (unsigned i = 0; i < count; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  bytes += static_cast<char>(value);
  return bytes;
}

std::string key(unsigned field, unsigned wire_type) {
  return varint((field << 3) | wire_type);
}

std::string text_field(unsigned field, std::string_view text) {
  return key(field, kLengthDelimited) + varint(text.size()) + std::string(text);
}

std::string integer_field(unsigned field, std::int64_t value) {
  return key(field, kVarint) + varint(static_cast<std::uint64_t>(value));
}

std::string double_field(unsigned field, double value) {
  return key(field, kFixed64) + little_endian(std::bit_cast<std::uint64_t>(value), 8);
}

std::string float_field(unsigned field, float value) {
  return key(field, kFixed32) + little_endian(std::bit_cast<std::uint32_t>(value), 4);
}

std::string record(const std::string& message) {
  const std::string length = little_endian(message.size(), 8);
  return length + little_endian(masked_crc32c(length), 4) + message +
         little_endian(masked_crc32c(message), 4);
}

// Event: wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7.
std::string event(double time, std::int64_t step) {
  return double_field(1, time) + integer_field(2, step);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t value = ~0U;
  for (const char c : bytes) {
    value = (value >> 8) ^ kTable[(value ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~value;
}

std::string version_record(double time) {
  return record(double_field(1, time) + text_field(3, "brain.Event:2"));
}

std::string start_record(double time, std::int64_t step) {
  // SessionLog: status = 1, of which START is 1.
  return record(event(time, step) + text_field(7, integer_field(1, 1)));
}

std::string scalars_record(double time, std::int64_t step, const StepValues& values) {
  // Summary: value = 1; Value: tag = 1, simple_value = 2.
  std::string summary;
  for (const auto& [tag, value] : values) {
    summary += text_field(1, text_field(1, tag) + float_field(2, static_cast<float>(value)));
  }
  return record(event(time, step) + text_field(5, summary));
}

}  // namespace blip::train
