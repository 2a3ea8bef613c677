// Tokenizer: texts to token ids and back. BertTokenizer is the one that BLIP has: the uncased
// WordPiece tokenizer of BERT, equal to Hugging Face `tokenizers`. clip_tokenizer.hpp has CLIP's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/export.hpp"

namespace blip {

/// Index into a model's vocabulary.
using TokenId = std::int32_t;

struct EncodeOptions {
  /// Surround with [CLS] … [SEP], or what the tokenizer has for that.
  bool add_special_tokens = true;
  /// Map the literal text "[SEP]", "[MASK]", … in the input to those tokens, as Hugging Face does
  /// (its `split_special_tokens=False`). Turn off for untrusted text.
  bool parse_special_tokens = true;
  /// Leave out the last tokens of a text that would have more than this, the special ones around it
  /// included, as transformers' `truncation=True, max_length=…`. 0: never. Throws invalid_argument
  /// for fewer than the special tokens.
  std::size_t max_length = 0;
};

struct DecodeOptions {
  /// Leave out [PAD], [UNK], [CLS], [SEP] and [MASK]. Ids without a token (BLIP's [DEC] and [ENC],
  /// negative ones) vanish either way.
  bool skip_special_tokens = false;
  /// Clean up over the whole text: "it ' s" → "it's", "is n't" → "isn't" and so on. Not set: what
  /// the checkpoint's tokenizer_config.json says, and no if it is silent. That is what transformers
  /// 5 does; transformers 4 defaulted to yes, so text with apostrophes differs between the two.
  /// Independently of this, the blank before a token "." "?" "!" "," always goes. CLIP's tokenizer
  /// never cleans up, whatever this says.
  std::optional<bool> clean_up_tokenization_spaces{};
};

/// Ids of the tokens that transformers has names for; -1 where a tokenizer has no such token.
struct SpecialTokens {
  TokenId bos = -1;
  TokenId eos = -1;
  TokenId unk = -1;
  TokenId sep = -1;
  TokenId pad = -1;
  TokenId cls = -1;
  TokenId mask = -1;
};

/// What every tokenizer does. Immutable after loading: every member is const and safe to call from
/// many threads.
class BLIP_API Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Token ids of `text`, between the special tokens that its model wants around a text.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text,
                                                    const EncodeOptions& options = {}) const = 0;
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> ids,
                                           const DecodeOptions& options = {}) const = 0;

  /// Number of tokens, added ones included; the model's vocabulary may be larger.
  [[nodiscard]] virtual std::size_t vocab_size() const noexcept = 0;
  [[nodiscard]] virtual SpecialTokens special_tokens() const noexcept = 0;
  /// `model_max_length` of tokenizer_config.json: tokens that its model has positions for. 0: the
  /// files do not say.
  [[nodiscard]] virtual std::size_t model_max_length() const noexcept { return 0; }

 protected:
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = default;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;
};

/// Cheap to copy.
class BLIP_API BertTokenizer final : public Tokenizer {
 public:
  /// Reads `tokenizer.json`, else `vocab.txt`, with `tokenizer_config.json`,
  /// `special_tokens_map.json` and `added_tokens.json` where present, from a model directory, and
  /// puts them together as transformers 5.24 does. Ids come from these files alone.
  /// Throws not_found, unreadable, malformed (also for a vocabulary without [UNK], [CLS] or [SEP]),
  /// unsupported (a model that is not WordPiece) or limit_exceeded (a file over 64 MiB, an id of
  /// 4,194,304 or more), naming the file.
  static BertTokenizer from_pretrained(const std::filesystem::path& model_directory);

  /// Token ids of `text`. Ill-formed UTF-8 becomes U+FFFD, one per maximal subpart as in Python's
  /// errors="replace", and the normaliser drops those.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const override;

  [[nodiscard]] std::size_t vocab_size() const noexcept override;
  /// Without bos and eos, which BERT's tokenizer does not have.
  [[nodiscard]] SpecialTokens special_tokens() const noexcept override;
  [[nodiscard]] std::size_t model_max_length() const noexcept override;
  // -1 where the tokenizer has no such token, which only [PAD] and [MASK] may lack.
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
