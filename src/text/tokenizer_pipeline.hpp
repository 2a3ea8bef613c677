// TokenizerPipeline: a TokenizerSpec put to work; what BertTokenizer, ClipTokenizer and
// GemmaTokenizer are made of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/tokenizer.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// Immutable and not movable: its parts refer to each other.
class TokenizerPipeline {
 public:
  /// Throws malformed or limit_exceeded, naming the vocabulary's file.
  explicit TokenizerPipeline(TokenizerSpec spec);
  ~TokenizerPipeline() = default;
  TokenizerPipeline(const TokenizerPipeline&) = delete;
  TokenizerPipeline& operator=(const TokenizerPipeline&) = delete;

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            const EncodeOptions& options) const;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options) const;

  [[nodiscard]] std::size_t vocab_size() const noexcept { return vocab_size_; }
  /// kNone if there is no such token.
  [[nodiscard]] TokenId id_of(std::string_view token) const noexcept;
  [[nodiscard]] TokenId unk_id() const noexcept;
  [[nodiscard]] const TokenizerSpec& spec() const noexcept { return spec_; }

 private:
  void encode_text(std::string_view text, bool parse_special, std::vector<TokenId>& ids) const;
  void encode_words(std::string_view text, BytePairs::Workspace& workspace,
                    std::vector<TokenId>& ids) const;
  [[nodiscard]] std::string join_pieces(std::span<const std::string_view> tokens) const;

  TokenizerSpec spec_;
  AddedTokens::Normalize normalize_;
  // One of them.
  std::optional<WordPiece> word_piece_;
  std::optional<BytePairs> byte_pairs_;
  bool is_gemma_ = false;  // of byte_pairs_: Gemma's, not CLIP's
  AddedTokens added_;
  std::vector<TokenId> before_;
  std::vector<TokenId> after_;
  std::size_t vocab_size_ = 0;
};

}  // namespace blip
