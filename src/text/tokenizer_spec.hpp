// TokenizerSpec: everything the files of a checkpoint say about its tokenizer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/bert_normalizer.hpp"
#include "text/token_decoder.hpp"
#include "text/vocabulary.hpp"
#include "text/word_piece.hpp"

namespace blip {

struct TokenizerSpec {
  /// The file that the vocabulary came from, for messages.
  std::string vocabulary_file;
  Vocabulary vocabulary;
  WordPieceOptions word_piece;
  std::optional<BertNormalizerOptions> normalizer = BertNormalizerOptions{};
  /// Unset: tokens are joined by blanks.
  std::optional<TokenDecoderOptions> decoder = TokenDecoderOptions{};
  /// In the order in which they are given ids.
  std::vector<AddedToken> added_tokens;

  /// What add_special_tokens puts before and after the text; unset: cls_token and sep_token.
  std::optional<std::vector<TokenId>> before;
  std::optional<std::vector<TokenId>> after;

  /// Empty: the tokenizer has no such token.
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string mask_token = "[MASK]";

  bool clean_up_tokenization_spaces = false;
  /// Never look for special tokens in the text.
  bool split_special_tokens = false;
};

}  // namespace blip
