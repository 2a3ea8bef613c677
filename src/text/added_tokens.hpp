// AddedTokens: tokens that are found in the text before it is cut into words ([SEP], [DEC], …).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.hpp"

namespace blip {

/// BERT checkpoints add a handful; each is compared at every place its first byte occurs.
inline constexpr std::size_t kMaxAddedTokens = 4096;

/// Field for field `tokenizers.AddedToken`.
struct AddedToken {
  std::string content;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< swallows white space before it
  bool rstrip = false;       ///< swallows white space after it
  bool normalized = true;    ///< looked for in the normalised text instead of the given one
  bool special = false;      ///< skip_special_tokens leaves it out

  friend auto operator<=>(const AddedToken&, const AddedToken&) = default;
};

/// A stretch of text, or a token found there.
struct TextPiece {
  std::string_view text;
  TokenId id = Vocabulary::kNone;  ///< kNone: text that is still to be tokenized
};

/// The rules are those of `tokenizers::AddedVocabulary`, the ids it gives included.
class AddedTokens {
 public:
  AddedTokens() = default;
  ~AddedTokens() = default;
  AddedTokens(const AddedTokens&) = delete;  // the matchers point into entries_
  AddedTokens& operator=(const AddedTokens&) = delete;

  /// What a tokenizer does to a text; empty: nothing.
  using Normalize = std::function<std::string(std::string_view)>;

  /// A token that `vocabulary` has keeps its id there; others are numbered from the vocabulary's
  /// size on. Throws limit_exceeded or malformed, naming `name`.
  void add(const AddedToken& token, const Vocabulary& vocabulary, const Normalize& normalize,
           const std::string& name);

  /// kNone if there is none.
  [[nodiscard]] TokenId find(std::string_view content) const noexcept;
  /// What decoding writes for this id; null if it is no added token.
  [[nodiscard]] const std::string* text_of(TokenId id) const noexcept;
  [[nodiscard]] bool is_special(std::string_view text) const noexcept;
  /// Tokens that `vocabulary` does not have.
  [[nodiscard]] std::size_t count_outside(const Vocabulary& vocabulary) const noexcept;

  enum class Stage { given_text, normalized_text };
  /// Cuts `text` (valid UTF-8) at the tokens of that stage, leftmost and longest first. Empty
  /// stretches are left out. Special tokens stay text if `parse_special` is false.
  [[nodiscard]] std::vector<TextPiece> split(std::string_view text, Stage stage,
                                             bool parse_special) const;

 private:
  struct Entry {
    TokenId id = Vocabulary::kNone;
    AddedToken token;
    std::string pattern;  // the content, normalised if the token is
  };
  // By first byte, the longest pattern first.
  using Matcher = std::array<std::vector<const Entry*>, 256>;

  std::vector<const Entry*>& bucket_of(const Entry& entry) noexcept;

  std::map<std::string, TokenId, std::less<>> ids_;
  std::map<TokenId, Entry> entries_;
  std::set<std::string, std::less<>> special_;
  Matcher given_;
  Matcher normalized_;
};

}  // namespace blip
