// BertNormalizer: what BERT does to a text before it looks for words.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// Field for field `tokenizers.normalizers.BertNormalizer`.
struct BertNormalizerOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents = std::nullopt;  ///< unset: as `lowercase`
  bool lowercase = true;
};

/// Immutable.
class BertNormalizer {
 public:
  explicit BertNormalizer(const BertNormalizerOptions& options = {});

  /// `text` must be valid UTF-8. In order: drops control characters and U+FFFD and makes every
  /// white space a blank; puts blanks around ideographs; decomposes (NFD) and drops nonspacing
  /// marks; lower-cases.
  [[nodiscard]] std::string normalize(std::string_view text) const;

 private:
  struct Mark {
    char32_t code_point;
    int combining_class;
  };

  void normalize_character(char32_t code_point, std::vector<Mark>& marks, std::string& out) const;
  void decompose_into(char32_t code_point, std::vector<Mark>& marks, std::string& out) const;
  void put(char32_t code_point, std::string& out) const;
  void flush(std::vector<Mark>& marks, std::string& out) const;

  BertNormalizerOptions options_;
  bool strip_accents_;
  // What becomes of each ASCII character; kDropped if nothing. ASCII never interacts with its
  // neighbours except by ending a run of combining marks.
  static constexpr char kDropped = '\x7F';
  std::array<char, 128> ascii_{};
};

}  // namespace blip
