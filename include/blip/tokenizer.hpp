// BertTokenizer: the uncased WordPiece tokenizer of BERT, equal to Hugging Face `tokenizers`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// Index into a model's vocabulary.
using TokenId = std::int32_t;

struct EncodeOptions {
  /// Surround with [CLS] … [SEP].
  bool add_special_tokens = true;
  /// Map the literal text "[SEP]", "[MASK]", … in the input to those tokens, as Hugging Face does.
  /// Turn off for text that strangers write.
  bool parse_special_tokens = true;
};

struct DecodeOptions {
  /// Leave out [PAD], [UNK], [CLS], [SEP] and [MASK]. Ids without a token (BLIP's [DEC] and [ENC])
  /// vanish either way.
  bool skip_special_tokens = false;
  /// " ." → ".", " n't" → "n't" and so on (`clean_up_tokenization_spaces`).
  bool clean_up_tokenization_spaces = true;
};

/// Immutable after loading: every member is const and safe to call from many threads. Cheap to copy.
class BertTokenizer {
 public:
  /// Reads `tokenizer.json`, else `vocab.txt`, with `tokenizer_config.json` and
  /// `special_tokens_map.json` where present, from a model directory.
  /// Throws not_found, unreadable, malformed, unsupported or limit_exceeded, naming the file.
  static BertTokenizer from_pretrained(const std::filesystem::path& model_directory);

  /// Token ids of `text` (UTF-8; an invalid byte becomes U+FFFD, which the normaliser drops).
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const;

  /// Number of tokens, added ones included; the model's vocabulary may be larger.
  [[nodiscard]] std::size_t vocab_size() const noexcept;
  [[nodiscard]] TokenId pad_token_id() const noexcept;
  [[nodiscard]] TokenId unk_token_id() const noexcept;
  [[nodiscard]] TokenId cls_token_id() const noexcept;
  [[nodiscard]] TokenId sep_token_id() const noexcept;
  [[nodiscard]] TokenId mask_token_id() const noexcept;

 private:
  struct Vocabulary;
  explicit BertTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace blip
