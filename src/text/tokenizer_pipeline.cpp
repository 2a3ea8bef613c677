#include "text/tokenizer_pipeline.hpp"

#include <utility>

#include "blip/error.hpp"
#include "core/unicode.hpp"
#include "text/byte_characters.hpp"
#include "text/byte_decoder.hpp"
#include "text/clip_normalizer.hpp"
#include "text/clip_words.hpp"

namespace blip {
namespace {

// Lower case, if at all, character by character, and ▁ for a blank.
std::string normalize_for_gemma(std::string_view text, bool lowercase) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(at));
    if (character.code_point == ' ') {
      out += kBlankMark;
    } else if (lowercase) {
      append_lowercase(character.code_point, out);
    } else {
      out += text.substr(at, character.length);
    }
    at += character.length;
  }
  return out;
}

}  // namespace

TokenizerPipeline::TokenizerPipeline(TokenizerSpec spec) : spec_(std::move(spec)) {
  const std::string& name = spec_.vocabulary_file;
  if (spec_.byte_pairs) {
    byte_pairs_.emplace(spec_.vocabulary, *spec_.byte_pairs, name);
    spec_.byte_pairs->merges = {};  // byte_pairs_ has them
    is_gemma_ = spec_.byte_pairs->byte_fallback;
    normalize_ = normalize_for_clip;
    if (is_gemma_) {
      normalize_ = [lowercase = spec_.lowercase](std::string_view text) {
        return normalize_for_gemma(text, lowercase);
      };
    }
  } else {
    word_piece_.emplace(spec_.vocabulary, spec_.word_piece, name);
    if (spec_.normalizer) {
      normalize_ = [normalizer = BertNormalizer(*spec_.normalizer)](std::string_view text) {
        return normalizer.normalize(text);
      };
    }
  }
  for (const AddedToken& token : spec_.added_tokens) {
    added_.add(token, spec_.vocabulary, normalize_, name);
  }
  const auto ids_around = [&](const std::optional<std::vector<TokenId>>& given,
                              const std::string& token) {
    return given ? *given : std::vector<TokenId>{id_of(token)};
  };
  before_ = ids_around(spec_.before, byte_pairs_ ? spec_.bos_token : spec_.cls_token);
  after_ = ids_around(spec_.after, byte_pairs_ ? spec_.eos_token : spec_.sep_token);
  vocab_size_ = spec_.vocabulary.size() + added_.count_outside(spec_.vocabulary);
}

TokenId TokenizerPipeline::id_of(std::string_view token) const noexcept {
  const TokenId id = added_.find(token);
  return id != Vocabulary::kNone ? id : spec_.vocabulary.find(token);
}

TokenId TokenizerPipeline::unk_id() const noexcept {
  return word_piece_ ? word_piece_->unk_id() : id_of(spec_.byte_pairs->unk_token);
}

std::vector<TokenId> TokenizerPipeline::encode(std::string_view text,
                                               const EncodeOptions& options) const {
  const bool surround = options.add_special_tokens;
  const std::size_t around = surround ? before_.size() + after_.size() : 0;
  if (options.max_length != 0 && options.max_length < around) {
    throw Error(ErrorCode::invalid_argument, "max_length is " + std::to_string(options.max_length) +
                                                 ", and the " + std::to_string(around) +
                                                 " tokens around a text are more");
  }
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + around);  // English: 4.5 bytes per token
  if (surround) ids.insert(ids.end(), before_.begin(), before_.end());
  const bool parse_special = options.parse_special_tokens && !spec_.split_special_tokens;
  if (is_valid_utf8(text)) {
    encode_text(text, parse_special, ids);
  } else {
    encode_text(replace_invalid_utf8(text), parse_special, ids);
  }
  const std::size_t after = surround ? after_.size() : 0;
  if (options.max_length != 0 && ids.size() + after > options.max_length) {
    ids.resize(options.max_length - after);
  }
  if (surround) ids.insert(ids.end(), after_.begin(), after_.end());
  return ids;
}

void TokenizerPipeline::encode_text(std::string_view text, bool parse_special,
                                    std::vector<TokenId>& ids) const {
  using Stage = AddedTokens::Stage;
  BytePairs::Workspace workspace;
  for (const TextPiece& given : added_.split(text, Stage::given_text, parse_special)) {
    if (given.id != Vocabulary::kNone) {
      ids.push_back(given.id);
      continue;
    }
    const std::string normalized = normalize_ ? normalize_(given.text) : std::string(given.text);
    for (const TextPiece& piece : added_.split(normalized, Stage::normalized_text, parse_special)) {
      if (piece.id != Vocabulary::kNone) {
        ids.push_back(piece.id);
      } else {
        encode_words(piece.text, workspace, ids);
      }
    }
  }
}

void TokenizerPipeline::encode_words(std::string_view text, BytePairs::Workspace& workspace,
                                     std::vector<TokenId>& ids) const {
  if (word_piece_) {
    word_piece_->encode(text, ids);
    return;
  }
  if (is_gemma_) {  // the whole text is one word
    byte_pairs_->encode_word(text, workspace, ids);
    return;
  }
  ClipWords words(text);
  for (std::string_view word; words.next(word);) byte_pairs_->encode_word(word, workspace, ids);
}

std::string TokenizerPipeline::decode(std::span<const TokenId> ids,
                                      const DecodeOptions& options) const {
  std::vector<std::string_view> tokens;
  tokens.reserve(ids.size());
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
    tokens.push_back(token);
  }
  if (byte_pairs_ && !is_gemma_) {
    return decode_bytes(tokens, spec_.byte_pairs->end_of_word_suffix);
  }
  std::string out = is_gemma_ ? decode_byte_fallback(tokens) : join_pieces(tokens);
  const bool clean_up =
      options.clean_up_tokenization_spaces.value_or(spec_.clean_up_tokenization_spaces);
  return clean_up ? clean_up_tokenization(std::move(out)) : out;
}

std::string TokenizerPipeline::join_pieces(std::span<const std::string_view> tokens) const {
  std::string out;
  bool first = true;
  for (const std::string_view token : tokens) {
    if (spec_.decoder) {
      append_token(token, first, *spec_.decoder, out);
    } else {
      if (!first) out += ' ';
      out += token;
    }
    first = false;
  }
  return out;
}

}  // namespace blip
