#include "text/bert_normalizer.hpp"

#include <algorithm>
#include <cstddef>

#include "core/unicode.hpp"

namespace blip {

BertNormalizer::BertNormalizer(const BertNormalizerOptions& options)
    : options_(options), strip_accents_(options.strip_accents.value_or(options.lowercase)) {
  for (std::size_t c = 0; c < ascii_.size(); ++c) {
    char mapped = static_cast<char>(c);
    if (options_.clean_text) {
      const std::uint16_t properties = properties_of(static_cast<char32_t>(c));
      if ((properties & kRemoved) != 0) {
        mapped = kDropped;
      } else if ((properties & kWhitespace) != 0) {
        mapped = ' ';
      }
    }
    if (options_.lowercase && mapped >= 'A' && mapped <= 'Z') {
      mapped = static_cast<char>(mapped - 'A' + 'a');
    }
    ascii_[c] = mapped;
  }
}

std::string BertNormalizer::normalize(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  std::vector<Mark> marks;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) {
      const DecodedCharacter character = decode_utf8(text.substr(i));
      normalize_character(character.code_point, marks, out);
      i += character.length;
      continue;
    }
    ++i;
    // A dropped character does not end a run of marks: it is gone before they are ordered.
    // DEL is kDropped itself, and without clean_text it must stay.
    if (ascii_[byte] == kDropped && options_.clean_text) continue;
    if (!marks.empty()) flush(marks, out);
    out.push_back(ascii_[byte]);
  }
  flush(marks, out);
  return out;
}

void BertNormalizer::normalize_character(char32_t code_point, std::vector<Mark>& marks,
                                         std::string& out) const {
  std::uint16_t properties = properties_of(code_point);
  if (options_.clean_text) {
    if ((properties & kRemoved) != 0) return;
    if ((properties & kWhitespace) != 0) {
      code_point = ' ';
      properties = kWhitespace;
    }
  }
  const bool spaced = options_.handle_chinese_chars && (properties & kChinese) != 0;
  if (spaced) {
    flush(marks, out);
    out.push_back(' ');
  }
  if (strip_accents_) {
    decompose_into(code_point, marks, out);
  } else {
    put(code_point, out);
  }
  if (spaced) {
    flush(marks, out);
    out.push_back(' ');
  }
}

void BertNormalizer::decompose_into(char32_t code_point, std::vector<Mark>& marks,
                                    std::string& out) const {
  std::array<char32_t, kMaxDecomposition> parts{code_point};
  std::size_t count = 1;
  if ((properties_of(code_point) & kDecomposes) != 0) count = decompose(code_point, parts);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t properties = properties_of(parts[i]);
    // Dropping marks before the canonical ordering is the same as after it, because the ordering
    // is stable and a nonspacing mark with class 0 still ends the run that is being ordered.
    if ((properties & kReorders) == 0) {
      flush(marks, out);
      if ((properties & kNonspacingMark) == 0) put(parts[i], out);
    } else if ((properties & kNonspacingMark) == 0) {
      marks.push_back({parts[i], combining_class(parts[i])});
    }
  }
}

void BertNormalizer::put(char32_t code_point, std::string& out) const {
  if (options_.lowercase) {
    append_lowercase(code_point, out);
  } else {
    append_utf8(code_point, out);
  }
}

void BertNormalizer::flush(std::vector<Mark>& marks, std::string& out) const {
  if (marks.empty()) return;
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return a.combining_class < b.combining_class;
  });
  for (const Mark& mark : marks) put(mark.code_point, out);
  marks.clear();
}

}  // namespace blip
