// TokenizerSpec: everything the files of a checkpoint say about its tokenizer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/bert_normalizer.hpp"
#include "text/byte_pairs.hpp"
#include "text/token_decoder.hpp"
#include "text/vocabulary.hpp"
#include "text/word_piece.hpp"

namespace blip {

struct TokenizerSpec {
  /// The file that the vocabulary came from, for messages.
  std::string vocabulary_file;
  Vocabulary vocabulary;
  WordPieceOptions word_piece;
  /// Set: the tokenizer is CLIP's or Gemma's, each with its own words, normaliser and decoder; the
  /// merges are those of `vocabulary`. Unset: it is of BERT's kind, as the next three say.
  std::optional<BytePairOptions> byte_pairs{};
  std::optional<BertNormalizerOptions> normalizer = BertNormalizerOptions{};
  /// Unset: tokens are joined by blanks.
  std::optional<TokenDecoderOptions> decoder = TokenDecoderOptions{};
  /// In the order in which they are given ids.
  std::vector<AddedToken> added_tokens;

  /// What add_special_tokens puts before and after the text; unset: cls_token and sep_token, or
  /// CLIP's bos_token and eos_token.
  std::optional<std::vector<TokenId>> before;
  std::optional<std::vector<TokenId>> after;

  /// Empty: the tokenizer has no such token.
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string mask_token = "[MASK]";
  std::string bos_token{};
  std::string eos_token{};
  std::string unk_token{};  ///< only of SigLIP: other kinds have it in their options

  /// Lower case first. Only of SigLIP and Gemma; BERT's and CLIP's normalisers know for themselves.
  bool lowercase = true;

  bool clean_up_tokenization_spaces = false;
  /// Tokens that the model has positions for; 0: the files do not say.
  std::size_t model_max_length = 0;
  /// Never look for special tokens in the text.
  bool split_special_tokens = false;
};

}  // namespace blip
