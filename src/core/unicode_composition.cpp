#include "core/unicode_composition.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/unicode.hpp"

namespace blip {
namespace {

// Hangul syllables are numbered by their letters: Unicode 15, section 3.12.
constexpr char32_t kFirstSyllable = 0xAC00;
constexpr char32_t kFirstLeading = 0x1100;
constexpr char32_t kFirstVowel = 0x1161;
constexpr char32_t kBeforeTrailing = 0x11A7;
constexpr char32_t kLeadingCount = 19;
constexpr char32_t kVowelCount = 21;
constexpr char32_t kTrailingCount = 28;  // one of them is none
constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

constexpr char32_t kNone = 0;

// Both differences wrap around where the code point is smaller, and are too large then.
char32_t compose_hangul(char32_t first, char32_t second) {
  if (first - kFirstLeading < kLeadingCount && second - kFirstVowel < kVowelCount) {
    return kFirstSyllable +
           ((first - kFirstLeading) * kVowelCount + second - kFirstVowel) * kTrailingCount;
  }
  const char32_t syllable = first - kFirstSyllable;
  const char32_t trailing = second - kBeforeTrailing;
  const bool lacks_trailing = syllable < kSyllableCount && syllable % kTrailingCount == 0;
  if (lacks_trailing && trailing > 0 && trailing < kTrailingCount) return first + trailing;
  return kNone;
}

char32_t compose(char32_t first, char32_t second) {
  if (const char32_t syllable = compose_hangul(first, second)) return syllable;
  const auto* end = kCompositionRows.data() + kCompositionRows.size();
  const auto* row = std::lower_bound(
      kCompositionRows.data(), end, first, [second](const CompositionRow& candidate, char32_t c) {
        return candidate.first != c ? candidate.first < c : candidate.second < second;
      });
  return row != end && row->first == first && row->second == second ? row->composed : kNone;
}

struct Character {
  char32_t code_point;
  int combining_class;
};

// A starter and all that follows it up to the next one. Only neighbouring starters compose across.
class Composer {
 public:
  explicit Composer(std::string& out) : out_(out) {}

  void add(char32_t code_point, int combining_class) {
    if (combining_class != 0) {
      marks_.push_back({code_point, combining_class});
      return;
    }
    compose_marks();
    if (has_starter_ && marks_.empty()) {
      if (const char32_t composed = compose(starter_, code_point)) {
        starter_ = composed;
        return;
      }
    }
    write();
    starter_ = code_point;
    has_starter_ = true;
  }

  void finish() {
    compose_marks();
    write();
    has_starter_ = false;
  }

 private:
  // Marks in canonical order; each that is not blocked by an equal one goes into the starter.
  void compose_marks() {
    std::stable_sort(marks_.begin(), marks_.end(), [](const Character& a, const Character& b) {
      return a.combining_class < b.combining_class;
    });
    if (!has_starter_) return;
    int last_class = 0;
    std::size_t kept = 0;
    for (const Character& mark : marks_) {
      const bool blocked = kept > 0 && last_class >= mark.combining_class;
      const char32_t composed = blocked ? kNone : compose(starter_, mark.code_point);
      if (composed != kNone) {
        starter_ = composed;
      } else {
        last_class = mark.combining_class;
        marks_[kept++] = mark;
      }
    }
    marks_.resize(kept);
  }

  void write() {
    if (has_starter_) append_utf8(starter_, out_);
    for (const Character& mark : marks_) append_utf8(mark.code_point, out_);
    marks_.clear();
  }

  std::string& out_;
  std::vector<Character> marks_;
  char32_t starter_ = 0;
  bool has_starter_ = false;
};

}  // namespace

std::string composed_form(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Composer composer(out);
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(i));
    i += character.length;
    std::array<char32_t, kMaxDecomposition> parts{character.code_point};
    std::size_t count = 1;
    const std::uint16_t properties =
        character.code_point < 0x80 ? 0 : properties_of(character.code_point);
    if ((properties & kDecomposes) != 0) count = decompose(character.code_point, parts);
    for (std::size_t p = 0; p < count; ++p) {
      const bool reorders = parts[p] >= 0x80 && (properties_of(parts[p]) & kReorders) != 0;
      composer.add(parts[p], reorders ? combining_class(parts[p]) : 0);
    }
  }
  composer.finish();
  return out;
}

}  // namespace blip
