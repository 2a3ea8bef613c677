#include "text/tokenizer_pipeline.hpp"

#include <utility>

#include "core/unicode.hpp"

namespace blip {

TokenizerPipeline::TokenizerPipeline(TokenizerSpec spec)
    : spec_(std::move(spec)),
      word_piece_(spec_.vocabulary, spec_.word_piece, spec_.vocabulary_file) {
  if (spec_.normalizer) normalizer_.emplace(*spec_.normalizer);
  for (const AddedToken& token : spec_.added_tokens) {
    added_.add(token, spec_.vocabulary, normalizer_ ? &*normalizer_ : nullptr,
               spec_.vocabulary_file);
  }
  before_ = spec_.before ? *spec_.before : std::vector<TokenId>{id_of(spec_.cls_token)};
  after_ = spec_.after ? *spec_.after : std::vector<TokenId>{id_of(spec_.sep_token)};
  vocab_size_ = spec_.vocabulary.size() + added_.count_outside(spec_.vocabulary);
}

TokenId TokenizerPipeline::id_of(std::string_view token) const noexcept {
  const TokenId id = added_.find(token);
  return id != Vocabulary::kNone ? id : spec_.vocabulary.find(token);
}

std::vector<TokenId> TokenizerPipeline::encode(std::string_view text,
                                               const EncodeOptions& options) const {
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + before_.size() + after_.size());  // English: 4.5 bytes per token
  if (options.add_special_tokens) ids.insert(ids.end(), before_.begin(), before_.end());
  const bool parse_special = options.parse_special_tokens && !spec_.split_special_tokens;
  if (is_valid_utf8(text)) {
    encode_text(text, parse_special, ids);
  } else {
    encode_text(replace_invalid_utf8(text), parse_special, ids);
  }
  if (options.add_special_tokens) ids.insert(ids.end(), after_.begin(), after_.end());
  return ids;
}

void TokenizerPipeline::encode_text(std::string_view text, bool parse_special,
                                    std::vector<TokenId>& ids) const {
  using Stage = AddedTokens::Stage;
  for (const TextPiece& given : added_.split(text, Stage::given_text, parse_special)) {
    if (given.id != Vocabulary::kNone) {
      ids.push_back(given.id);
      continue;
    }
    const std::string normalized =
        normalizer_ ? normalizer_->normalize(given.text) : std::string(given.text);
    for (const TextPiece& piece : added_.split(normalized, Stage::normalized_text, parse_special)) {
      if (piece.id != Vocabulary::kNone) {
        ids.push_back(piece.id);
      } else {
        word_piece_.encode(piece.text, ids);
      }
    }
  }
}

std::string TokenizerPipeline::decode(std::span<const TokenId> ids,
                                      const DecodeOptions& options) const {
  std::string out;
  bool first = true;
  for (const TokenId id : ids) {
    std::string_view token;
    if (const std::string* added = added_.text_of(id)) {
      token = *added;
    } else if (spec_.vocabulary.contains(id)) {
      token = spec_.vocabulary.token(id);
    } else {
      continue;
    }
    if (options.skip_special_tokens && added_.is_special(token)) continue;
    if (spec_.decoder) {
      append_token(token, first, *spec_.decoder, out);
    } else {
      if (!first) out += ' ';
      out += token;
    }
    first = false;
  }
  const bool clean_up =
      options.clean_up_tokenization_spaces.value_or(spec_.clean_up_tokenization_spaces);
  return clean_up ? clean_up_tokenization(std::move(out)) : out;
}

}  // namespace blip
