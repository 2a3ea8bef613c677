// ClipTokenizer: the byte pair encoding of CLIP, equal to transformers 5's CLIPTokenizer.
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

/// Texts are put into Unicode's composed form and lower-cased character by character, cut into
/// words, digits and punctuation, and spelled in bytes, of which the vocabulary's merges make
/// tokens. Cheap to copy.
///
///   const auto tokenizer = ClipTokenizer::from_pretrained("clip-vit-base-patch32");
///   tokenizer.encode("a photo of a cat");  // 49406 320 1125 539 320 2368 49407
class BLIP_API ClipTokenizer final : public Tokenizer {
 public:
  /// Reads `tokenizer.json`, else `vocab.json` and `merges.txt`, else
  /// `bpe_simple_vocab_16e6.txt.gz` (or the same without .gz), which OpenAI's code and open_clip
  /// come with and from whose merges the vocabulary follows. Beside the first two,
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` count where
  /// present. Throws not_found, unreadable, malformed (merges of tokens that the vocabulary lacks,
  /// a vocabulary without bytes, …), unsupported (a tokenizer that is not CLIP's) or limit_exceeded
  /// (a file over 64 MiB, an id of 4,194,304 or more), naming the file.
  static ClipTokenizer from_pretrained(const std::filesystem::path& model_directory);

  /// Token ids of `text` between <|startoftext|> and <|endoftext|>. Ill-formed UTF-8 becomes
  /// U+FFFD, one per maximal subpart as in Python's errors="replace". A model has 77 positions:
  /// `options.max_length = tokenizer.model_max_length()` keeps within them. Literal "<|endoftext|>"
  /// in a text is that token, unless `options.parse_special_tokens` is off.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const override;
  /// Words with a blank after each, but not at the end; bytes that are not UTF-8 as U+FFFD.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const override;

  [[nodiscard]] std::size_t vocab_size() const noexcept override;
  /// bos, eos, unk and pad; the last two are <|endoftext|>, too, unless a file says otherwise.
  [[nodiscard]] SpecialTokens special_tokens() const noexcept override;
  /// `model_max_length` of tokenizer_config.json: 77 for CLIP. 0: the file does not say.
  [[nodiscard]] std::size_t model_max_length() const noexcept override;

 private:
  struct Vocabulary;
  explicit ClipTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace blip
