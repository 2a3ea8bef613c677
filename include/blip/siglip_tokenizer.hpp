// SiglipTokenizer: the tokenizer of SigLIP (1), equal to transformers' SiglipTokenizer.
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

/// Texts are lower-cased, lose ASCII's punctuation and superfluous white space, and are cut into
/// the pieces of a unigram model, as the SentencePiece library does it. Cheap to copy.
///
///   const auto tokenizer = SiglipTokenizer::from_pretrained("siglip-base-patch16-224");
///   tokenizer.encode("A photo of a cat.");  // as of "a photo of a cat", `</s>` at the end
class BLIP_API SiglipTokenizer final : public Tokenizer {
 public:
  /// Reads `spiece.model`, and `tokenizer_config.json`, `special_tokens_map.json` and
  /// `added_tokens.json` where present. Throws not_found, unreadable, malformed (a file that is no
  /// model of SentencePiece's), unsupported (a tokenizer that is not SigLIP's, a model that is not
  /// of the unigram kind) or limit_exceeded (a file over 64 MiB, more than 4,194,304 pieces, a
  /// piece of more than 2,048 bytes), naming the file.
  static SiglipTokenizer from_pretrained(const std::filesystem::path& model_directory);

  /// Token ids of `text` and `</s>`. Ill-formed UTF-8 becomes U+FFFD, one per maximal subpart as in
  /// Python's errors="replace". Never padded: SigLIP wants texts of 64 tokens, filled up with
  /// special_tokens().pad. Literal `</s>` in a text is that token, unless
  /// `options.parse_special_tokens` is off.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const override;

  [[nodiscard]] std::size_t vocab_size() const noexcept override;
  /// eos, unk and pad, which is `</s>`, too, unless a file says otherwise.
  [[nodiscard]] SpecialTokens special_tokens() const noexcept override;
  /// `model_max_length` of tokenizer_config.json: 64 for SigLIP.
  [[nodiscard]] std::size_t model_max_length() const noexcept override;

 private:
  struct Vocabulary;
  explicit SiglipTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace blip
