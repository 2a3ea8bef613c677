#include "checkpoint/byte_reader.hpp"

#include <utility>

namespace blip {

ByteReader::ByteReader(std::span<const std::byte> bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)) {}

std::span<const std::byte> ByteReader::take(std::uint64_t count) {
  if (count > left()) {
    fail("ends after " + std::to_string(bytes_.size()) + " bytes, where " + std::to_string(count) +
         " more were due at byte " + std::to_string(position_) + " (is the file truncated?)");
  }
  const std::span<const std::byte> taken = bytes_.subspan(position_, count);
  position_ += taken.size();
  return taken;
}

std::string_view ByteReader::take_text(std::uint64_t count) {
  const std::span<const std::byte> taken = take(count);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::string_view ByteReader::take_line() {
  const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, left());
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) fail("ends within a line (is the file truncated?)");
  position_ += length + 1;
  return rest.substr(0, length);
}

void ByteReader::fail(const std::string& problem, ErrorCode code) const {
  throw Error(code, where_ + ": " + problem);
}

}  // namespace blip
