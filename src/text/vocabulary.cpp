#include "text/vocabulary.hpp"

#include <algorithm>
#include <bit>

#include "blip/error.hpp"

namespace blip {

namespace {

// Below a load of one half and with an honest vocabulary the longest run of taken slots is a few
// dozen; one this long was made to turn loading into quadratic work.
constexpr std::size_t kMaxProbes = 4096;

std::uint32_t hash_of(std::string_view token) noexcept {
  TokenHash hash;
  hash.add(token);
  return hash.value();
}

}  // namespace

void Vocabulary::reserve(std::size_t count) {
  entries_.reserve(count);
  by_id_.reserve(count);
  grow(std::bit_ceil(2 * count + 1));
}

void Vocabulary::grow(std::size_t slot_count) {
  slots_.assign(slot_count, kFree);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & (slot_count - 1);
    while (slots_[slot] != kFree) slot = (slot + 1) & (slot_count - 1);
    slots_[slot] = static_cast<std::int32_t>(i);
  }
}

std::size_t Vocabulary::find_slot(std::string_view token, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != kFree) {
    const Entry& entry = entries_[static_cast<std::size_t>(slots_[slot])];
    if (entry.hash == hash && text_of(entry) == token) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Vocabulary::insert(std::string_view token, TokenId id, const std::string& name) {
  if (id < 0 || id >= kMaxTokenCount) {
    throw Error(ErrorCode::limit_exceeded, name + ": token id " + std::to_string(id) +
                                               " is outside 0…" +
                                               std::to_string(kMaxTokenCount - 1));
  }
  if (2 * (entries_.size() + 1) > slots_.size()) grow(std::max<std::size_t>(64, 2 * slots_.size()));

  const std::uint32_t hash = hash_of(token);
  const std::size_t slot = find_slot(token, hash);
  const std::size_t home = hash & (slots_.size() - 1);
  if (((slot - home) & (slots_.size() - 1)) > kMaxProbes) {
    throw Error(ErrorCode::limit_exceeded, name + ": tokens chosen to collide in the hash table");
  }
  std::int32_t index = slots_[slot];
  if (index == kFree) {
    index = static_cast<std::int32_t>(entries_.size());
    entries_.push_back({text_.size(), static_cast<std::uint32_t>(token.size()), hash, id});
    slots_[slot] = index;
    text_ += token;
    longest_ = std::max(longest_, token.size());
  } else {
    Entry& entry = entries_[static_cast<std::size_t>(index)];
    if (by_id_[static_cast<std::size_t>(entry.id)] == index) {
      by_id_[static_cast<std::size_t>(entry.id)] = kFree;
    }
    entry.id = id;
  }
  if (static_cast<std::size_t>(id) >= by_id_.size()) {
    by_id_.resize(static_cast<std::size_t>(id) + 1, kFree);
  }
  by_id_[static_cast<std::size_t>(id)] = index;
}

TokenId Vocabulary::find(std::string_view token) const noexcept {
  return find(token, hash_of(token));
}

TokenId Vocabulary::find(std::string_view token, std::uint32_t hash) const noexcept {
  if (slots_.empty()) return kNone;
  const std::int32_t index = slots_[find_slot(token, hash)];
  return index == kFree ? kNone : entries_[static_cast<std::size_t>(index)].id;
}

std::optional<std::size_t> Vocabulary::index_of(std::string_view token) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const std::int32_t index = slots_[find_slot(token, hash_of(token))];
  if (index == kFree) return std::nullopt;
  return static_cast<std::size_t>(index);
}

bool Vocabulary::contains(TokenId id) const noexcept {
  return id >= 0 && static_cast<std::size_t>(id) < by_id_.size() &&
         by_id_[static_cast<std::size_t>(id)] != kFree;
}

std::string_view Vocabulary::token(TokenId id) const noexcept {
  if (!contains(id)) return {};
  return text_of(entries_[static_cast<std::size_t>(by_id_[static_cast<std::size_t>(id)])]);
}

}  // namespace blip
