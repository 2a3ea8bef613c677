// Vocabulary: tokens and their ids, both ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

/// Ids below this are accepted. The largest published WordPiece vocabulary has 501,153 tokens; the
/// limit keeps a hostile id from sizing a table.
inline constexpr TokenId kMaxTokenCount = 1 << 22;

/// FNV-1a, extended byte by byte so that one pass over a word hashes all its prefixes.
class TokenHash {
 public:
  void add(char byte) noexcept {
    state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  void add(std::string_view bytes) noexcept {
    for (const char byte : bytes) add(byte);
  }
  /// Mixed once more, because FNV's low bits alone spread short strings badly.
  [[nodiscard]] std::uint32_t value() const noexcept {
    return static_cast<std::uint32_t>((state_ * 0x9E3779B97F4A7C15ULL) >> 32);
  }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ULL;
};

/// Tokens live in one buffer; a look-up allocates nothing.
class Vocabulary {
 public:
  static constexpr TokenId kNone = -1;

  /// Makes room for `count` tokens.
  void reserve(std::size_t count);

  /// Gives `token` this id. A token that is there already gets the new id, and the old id is left
  /// without a token; of two tokens with one id the later is what the id stands for.
  /// Throws limit_exceeded (`name` is the file) for an id outside 0…kMaxTokenCount - 1, or for
  /// tokens chosen so that they all collide.
  void insert(std::string_view token, TokenId id, const std::string& name);

  [[nodiscard]] TokenId find(std::string_view token) const noexcept;
  [[nodiscard]] TokenId find(std::string_view token, std::uint32_t hash) const noexcept;

  /// Its place among the distinct tokens, 0…size() - 1, and the id of the token there.
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view token) const noexcept;
  [[nodiscard]] TokenId id_at(std::size_t index) const noexcept { return entries_[index].id; }

  /// False for ids outside the vocabulary and for holes in it.
  [[nodiscard]] bool contains(TokenId id) const noexcept;
  /// Empty if there is none.
  [[nodiscard]] std::string_view token(TokenId id) const noexcept;

  /// Distinct tokens.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t longest_token() const noexcept { return longest_; }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t length;
    std::uint32_t hash;
    TokenId id;
  };

  [[nodiscard]] std::string_view text_of(const Entry& entry) const noexcept {
    return std::string_view(text_).substr(entry.offset, entry.length);
  }
  [[nodiscard]] std::size_t find_slot(std::string_view token, std::uint32_t hash) const noexcept;
  void grow(std::size_t slot_count);

  static constexpr std::int32_t kFree = -1;

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<std::int32_t> slots_;  // open addressing: index into entries_ or kFree
  std::vector<std::int32_t> by_id_;  // index into entries_ or kFree
  std::size_t longest_ = 0;
};

}  // namespace blip
