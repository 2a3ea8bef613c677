// MsgpackReader: MessagePack, value by value, from bytes that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace blip {

enum class MsgpackKind { nil, boolean, integer, number, text, binary, array, map, extension };

/// What a value begins with.
struct MsgpackValue {
  MsgpackKind kind = MsgpackKind::nil;
  /// Of an array or a map: how many values or pairs follow. Each takes a byte at least, so it is no
  /// more than the bytes that are left.
  std::size_t count = 0;
  std::int64_t integer = 0;          ///< of an integer or a boolean
  std::int8_t type = 0;              ///< of an extension
  std::span<const std::byte> bytes;  ///< of a text, a binary or an extension
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Refers to the bytes. Every function throws malformed, naming the file and the byte, where the
/// bytes end too early or mean nothing.
class MsgpackReader {
 public:
  /// Values within values, as deep as Flax's files have them four times over.
  static constexpr int kMaxDepth = 32;

  /// `name` stands for the file in messages.
  MsgpackReader(std::span<const std::byte> bytes, const std::string& name)
      : bytes_(bytes), name_(name) {}

  [[nodiscard]] bool at_end() const noexcept { return place_ == bytes_.size(); }

  /// The next value; of an array or a map, its values come next.
  MsgpackValue next();
  /// Goes past the values of an array or a map that next() gave, at `depth` values within values.
  void skip_values(const MsgpackValue& value, int depth = 0);

  /// Throws malformed: "FILE: byte N: PROBLEM".
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  std::uint64_t number(std::size_t bytes);
  std::span<const std::byte> take(std::uint64_t count);
  MsgpackValue container(MsgpackKind kind, std::uint64_t count);
  MsgpackValue piece(MsgpackKind kind, std::uint64_t count);
  MsgpackValue extension(std::uint64_t count);

  std::span<const std::byte> bytes_;
  const std::string& name_;
  std::size_t place_ = 0;
};

}  // namespace blip
