// DalleTokenizer: the byte pair encoding of DALL-E mini and mega, equal to min-dalle's.
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

/// Emoji become their English names, texts lower case, and what is not ASCII is dropped: the models
/// were trained on English alone. Words end at blanks and nowhere else. Cheap to copy.
class BLIP_API DalleTokenizer final : public Tokenizer {
 public:
  /// Reads vocab.json and merges.txt of a model directory, or vocab_mini.json and merges_mini.txt
  /// where only these are. Throws not_found, unreadable, malformed (a vocabulary without `<s>`,
  /// `</s>` or `<unk>`, merges of tokens that it lacks, …) or limit_exceeded (a file over 64 MiB,
  /// an id of 4,194,304 or more), naming the file.
  static DalleTokenizer from_pretrained(const std::filesystem::path& model_directory);
  /// The same of two files.
  static DalleTokenizer from_files(const std::filesystem::path& vocab_json,
                                   const std::filesystem::path& merges_txt);

  /// Token ids of `text` between `<s>` and `</s>`. A control character, or a byte that no
  /// vocabulary has, is `<unk>`. With `options.max_length`, the tokens after that many are left
  /// out, `</s>` with them, as min-dalle does. Special tokens are never looked for in the text.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options = {}) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const override;

  [[nodiscard]] std::size_t vocab_size() const noexcept override;
  /// bos, eos, unk and pad.
  [[nodiscard]] SpecialTokens special_tokens() const noexcept override;

 private:
  struct Vocabulary;
  explicit DalleTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace blip
