// GemmaTokenizer: the tokenizer of SigLIP 2, equal to transformers' GemmaTokenizer.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/export.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// Byte pairs over characters: a text is one word, its blanks are "▁", and what the vocabulary
/// lacks is spelled in bytes ("<0xF0>"). Cheap to copy.
class BLIP_API GemmaTokenizer final : public Tokenizer {
 public:
  /// Reads `tokenizer.json`, and `tokenizer_config.json`, `special_tokens_map.json` and
  /// `added_tokens.json` where present. By its `tokenizer_class` the tokenizer is transformers'
  /// GemmaTokenizer, its Siglip2Tokenizer, which is the same in lower case, or, if it names no
  /// class of its own, what tokenizer.json says. Throws not_found, unreadable, malformed,
  /// unsupported (a tokenizer that is none of these) or limit_exceeded (a file over 64 MiB, an id
  /// of 4,194,304 or more), naming the file.
  static GemmaTokenizer from_pretrained(const std::filesystem::path& model_directory);

  /// Token ids of `text`, between what the files put around a text: of SigLIP 2, `<eos>` at its
  /// end. Ill-formed UTF-8 becomes U+FFFD, one per maximal subpart as in Python's errors="replace".
  /// Never padded: SigLIP 2 wants texts of 64 tokens, filled up with special_tokens().pad.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const override;

  [[nodiscard]] std::size_t vocab_size() const noexcept override;
  /// bos, eos, unk, pad and mask.
  [[nodiscard]] SpecialTokens special_tokens() const noexcept override;
  /// `model_max_length` of tokenizer_config.json. 0: the file does not say.
  [[nodiscard]] std::size_t model_max_length() const noexcept override;

 private:
  struct Vocabulary;
  explicit GemmaTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace blip
