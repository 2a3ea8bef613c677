#include "checkpoint/msgpack.hpp"

#include "blip/error.hpp"

namespace blip {
namespace {

MsgpackValue integer_value(std::int64_t value) {
  return {.kind = MsgpackKind::integer, .integer = value, .bytes = {}};
}

}  // namespace

void MsgpackReader::fail(const std::string& problem) const {
  throw Error(ErrorCode::malformed, name_ + ": byte " + std::to_string(place_) + ": " + problem);
}

std::span<const std::byte> MsgpackReader::take(std::uint64_t count) {
  if (count > bytes_.size() - place_) fail("the file ends in the middle of a value");
  const auto taken = bytes_.subspan(place_, static_cast<std::size_t>(count));
  place_ += static_cast<std::size_t>(count);
  return taken;
}

// Big endian, of 1, 2, 4 or 8 bytes.
std::uint64_t MsgpackReader::number(std::size_t bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : take(bytes)) value = value << 8U | std::to_integer<unsigned>(byte);
  return value;
}

MsgpackValue MsgpackReader::container(MsgpackKind kind, std::uint64_t count) {
  const std::uint64_t least = kind == MsgpackKind::map ? 2 : 1;
  if (count > (bytes_.size() - place_) / least) {
    fail("announces more values than the file has bytes");
  }
  return {.kind = kind, .count = static_cast<std::size_t>(count), .bytes = {}};
}

MsgpackValue MsgpackReader::piece(MsgpackKind kind, std::uint64_t count) {
  return {.kind = kind, .bytes = take(count)};
}

MsgpackValue MsgpackReader::extension(std::uint64_t count) {
  const auto type = static_cast<std::int8_t>(number(1));
  return {.kind = MsgpackKind::extension, .type = type, .bytes = take(count)};
}

MsgpackValue MsgpackReader::next() {
  const auto first = static_cast<unsigned>(number(1));
  if (first < 0x80) return integer_value(static_cast<std::int64_t>(first));
  if (first < 0x90) return container(MsgpackKind::map, first & 0x0FU);
  if (first < 0xA0) return container(MsgpackKind::array, first & 0x0FU);
  if (first < 0xC0) return piece(MsgpackKind::text, first & 0x1FU);
  if (first >= 0xE0) return integer_value(static_cast<std::int8_t>(first));
  switch (first) {
    case 0xC0:
      return {};
    case 0xC2:
    case 0xC3:
      return {.kind = MsgpackKind::boolean, .integer = first & 1U, .bytes = {}};
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return piece(MsgpackKind::binary, number(std::size_t{1} << (first - 0xC4)));
    case 0xC7:
    case 0xC8:
    case 0xC9:
      return extension(number(std::size_t{1} << (first - 0xC7)));
    case 0xCA:
    case 0xCB:
      return piece(MsgpackKind::number, first == 0xCA ? 4 : 8);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF: {
      const std::uint64_t value = number(std::size_t{1} << (first - 0xCC));
      if (value > static_cast<std::uint64_t>(INT64_MAX)) fail("a number is too large");
      return integer_value(static_cast<std::int64_t>(value));
    }
    case 0xD0:
      return integer_value(static_cast<std::int8_t>(number(1)));
    case 0xD1:
      return integer_value(static_cast<std::int16_t>(number(2)));
    case 0xD2:
      return integer_value(static_cast<std::int32_t>(number(4)));
    case 0xD3:
      return integer_value(static_cast<std::int64_t>(number(8)));
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
      return extension(std::uint64_t{1} << (first - 0xD4));
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return piece(MsgpackKind::text, number(std::size_t{1} << (first - 0xD9)));
    case 0xDC:
    case 0xDD:
      return container(MsgpackKind::array, number(first == 0xDC ? 2 : 4));
    case 0xDE:
    case 0xDF:
      return container(MsgpackKind::map, number(first == 0xDE ? 2 : 4));
    default:
      fail("no value begins like this");
  }
}

void MsgpackReader::skip_values(const MsgpackValue& value, int depth) {
  if (depth > kMaxDepth) fail("values lie too deep within values");
  const std::size_t values = value.kind == MsgpackKind::map     ? 2 * value.count
                             : value.kind == MsgpackKind::array ? value.count
                                                                : 0;
  for (std::size_t i = 0; i < values; ++i) skip_values(next(), depth + 1);
}

}  // namespace blip
