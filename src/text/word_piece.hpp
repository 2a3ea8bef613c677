// WordPiece: normalised text → words and punctuation → token ids, by greedy longest match.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.hpp"

namespace blip {

struct WordPieceOptions {
  std::string unk_token = "[UNK]";
  std::string continuing_subword_prefix = "##";
  /// A word with more characters is unknown as a whole.
  std::size_t max_input_chars_per_word = 100;
};

/// Immutable. The Vocabulary must outlive it.
class WordPiece {
 public:
  /// Throws malformed, naming `name`, if the vocabulary has no unk_token.
  WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options, const std::string& name);

  /// Splits at white space and around punctuation (`BertPreTokenizer`), and appends the ids of each
  /// word. `text` must be valid UTF-8.
  void encode(std::string_view text, std::vector<TokenId>& ids) const;

  [[nodiscard]] TokenId unk_id() const noexcept { return unk_id_; }

 private:
  // Memory that one call of encode() uses again for each word.
  struct Workspace {
    std::string word;
    std::vector<std::uint32_t> hashes;
  };

  void encode_word(std::string_view word, std::size_t characters, Workspace& workspace,
                   std::vector<TokenId>& ids) const;

  const Vocabulary& vocabulary_;
  std::string prefix_;
  TokenHash prefix_hash_;
  std::size_t max_characters_;
  TokenId unk_id_;
};

}  // namespace blip
