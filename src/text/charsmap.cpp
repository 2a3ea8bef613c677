#include "text/charsmap.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "blip/error.hpp"

namespace blip {
namespace {

// A double array trie of darts-clone, as the library walks it.
class CharsmapTrie {
 public:
  // table: [units * 4] bytes
  explicit CharsmapTrie(std::string_view table) : table_(table) {}

  [[nodiscard]] std::size_t size() const { return table_.size() / 4; }
  [[nodiscard]] std::size_t bytes() const { return table_.size(); }
  [[nodiscard]] std::uint32_t unit(std::size_t index) const {
    std::uint32_t value = 0;
    std::memcpy(&value, table_.data() + index * 4, 4);
    return value;
  }
  static std::uint32_t offset(std::uint32_t unit) {
    return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U);
  }
  static bool has_leaf(std::uint32_t unit) { return ((unit >> 8U) & 1U) == 1; }
  static std::uint32_t label(std::uint32_t unit) { return unit & ((1U << 31U) | 0xFFU); }
  static std::uint32_t value(std::uint32_t unit) { return unit & ((1U << 31U) - 1); }

 private:
  std::string_view table_;
};

// <bytes of the trie, 32 bits><trie><texts, each with a zero at its end>. A path through the trie
// is the bytes of a text; a leaf on it says where the text that replaces them begins. Paths may
// share their ends. Every place that any text could lead to is visited.
class CharsmapCheck {
 public:
  CharsmapCheck(const std::string& blob, const std::string& name)
      : name_(name),
        trie_(trie_of(blob)),
        texts_(std::string_view(blob).substr(4 + trie_.bytes())) {
    if (trie_.size() == 0 || texts_.empty() || texts_.back() != '\0') fail();
    rules_.assign(trie_.size(), kNew);
  }

  // Depth first, without recursion: how many rules may end on a way from a place on is known once
  // it is for all that follow.
  void run() {
    struct Visit {
      std::size_t place;
      std::uint32_t next_byte = 0;
      std::int8_t most = 0;  // rules on the ways from the places that follow
    };
    std::vector<Visit> way = {{0}};
    rules_[0] = kOnTheWay;
    require_inside(0);
    while (!way.empty()) {
      Visit& visit = way.back();
      const std::size_t base = base_of(visit.place);
      std::size_t child = 0;
      for (; visit.next_byte < 256; ++visit.next_byte) {
        child = base ^ visit.next_byte;
        if (CharsmapTrie::label(trie_.unit(child)) != visit.next_byte) continue;
        if (rules_[child] == kOnTheWay) fail();  // a circle
        if (rules_[child] == kNew) break;
        visit.most = std::max(visit.most, rules_[child]);
      }
      if (visit.next_byte < 256) {
        require_inside(child);
        rules_[child] = kOnTheWay;
        way.push_back({child});  // its byte is looked at again when the way is back
        continue;
      }
      const bool ends = visit.place != 0 && has_rule(visit.place);
      const auto rules = static_cast<std::int8_t>(visit.most + (ends ? 1 : 0));
      if (static_cast<std::size_t>(rules) > kMaxRulesAtOnce) fail(ErrorCode::limit_exceeded);
      rules_[visit.place] = rules;
      way.pop_back();
    }
  }

 private:
  static constexpr std::int8_t kNew = -1;
  static constexpr std::int8_t kOnTheWay = -2;
  static constexpr std::size_t kMaxCharsmapBytes = std::size_t{4} << 20;  // nmt_nfkc's has 240 kB

  [[noreturn]] void fail(ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, name_ + ": has a table of its normalisation that leads nowhere");
  }

  [[nodiscard]] std::string_view trie_of(const std::string& blob) const {
    if constexpr (std::endian::native == std::endian::big) fail(ErrorCode::unsupported);
    if (blob.size() > kMaxCharsmapBytes) fail(ErrorCode::limit_exceeded);
    std::uint32_t bytes = 0;
    if (blob.size() < sizeof(bytes)) fail();
    std::memcpy(&bytes, blob.data(), sizeof(bytes));
    if (bytes % 4 != 0 || bytes > blob.size() - sizeof(bytes)) fail();
    return std::string_view(blob).substr(sizeof(bytes), bytes);
  }

  [[nodiscard]] std::size_t base_of(std::size_t place) const {
    return place ^ CharsmapTrie::offset(trie_.unit(place));
  }
  // Any byte may follow, and is looked up.
  void require_inside(std::size_t place) const {
    if ((base_of(place) | 0xFFU) >= trie_.size()) fail();
  }
  [[nodiscard]] bool has_rule(std::size_t place) const {
    if (!CharsmapTrie::has_leaf(trie_.unit(place))) return false;
    const std::size_t start = CharsmapTrie::value(trie_.unit(base_of(place)));
    if (start >= texts_.size() || texts_.find('\0', start) - start > kMaxReplacementBytes) fail();
    return true;
  }

  const std::string& name_;
  CharsmapTrie trie_;
  std::string_view texts_;
  std::vector<std::int8_t> rules_;  // by place: on the way from there on
};

}  // namespace

void check_charsmap(const std::string& blob, const std::string& name) {
  CharsmapCheck(blob, name).run();
}

CharsmapRule longest_rule(std::string_view blob, std::string_view text) {
  std::uint32_t trie_bytes = 0;
  std::memcpy(&trie_bytes, blob.data(), sizeof(trie_bytes));
  const CharsmapTrie trie(blob.substr(sizeof(trie_bytes), trie_bytes));
  const std::string_view texts = blob.substr(sizeof(trie_bytes) + trie_bytes);
  CharsmapRule longest;
  std::size_t place = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t byte = static_cast<unsigned char>(text[i]);
    place ^= CharsmapTrie::offset(trie.unit(place)) ^ byte;
    const std::uint32_t unit = trie.unit(place);
    if (CharsmapTrie::label(unit) != byte) break;
    if (!CharsmapTrie::has_leaf(unit)) continue;
    const std::size_t start = CharsmapTrie::value(trie.unit(place ^ CharsmapTrie::offset(unit)));
    longest.length = i + 1;
    longest.replacement = texts.substr(start, texts.find('\0', start) - start);
  }
  return longest;
}

}  // namespace blip
