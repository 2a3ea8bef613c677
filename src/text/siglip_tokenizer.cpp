#include "blip/siglip_tokenizer.hpp"

#include <new>
#include <optional>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "text/added_tokens.hpp"
#include "text/byte_characters.hpp"
#include "text/canonical_text.hpp"
#include "text/named_bytes.hpp"
#include "text/sentence_piece.hpp"
#include "text/token_decoder.hpp"
#include "text/tokenizer_config.hpp"

namespace blip {
namespace {

void require_siglip(const std::optional<JsonDocument>& config) {
  if (!config) return;
  const JsonFields fields = config->fields();
  const std::string name = fields.string("tokenizer_class").value_or("");
  if (name.empty() || name == "SiglipTokenizer" || name == "SiglipTokenizerFast") return;
  fields.fail("tokenizer_class", in_quotes(name) + " is not supported: SiglipTokenizer is",
              ErrorCode::unsupported);
}

// transformers: SPIECE_UNDERLINE + text.replace(SPIECE_UNDERLINE, " ")
std::string marked(std::string_view text) {
  std::string out(kBlankMark);
  out.reserve(text.size() + out.size());
  for (;;) {
    const std::size_t found = text.find(kBlankMark);
    out += text.substr(0, found);
    if (found == std::string_view::npos) return out;
    out += ' ';
    text.remove_prefix(found + kBlankMark.size());
  }
}

struct SiglipFiles {
  SentencePieceFile model;
  TokenizerSpec spec;
};

SiglipFiles read_siglip_files(const std::filesystem::path& directory) {
  const std::optional<NamedBytes> model = read_if_present(directory / "spiece.model");
  if (!model) {
    throw Error(ErrorCode::not_found,
                directory.string() + ": neither spiece.model nor tokenizer.json is there");
  }
  const auto config = parse_document(read_if_present(directory / "tokenizer_config.json"), true);
  const auto map = parse_document(read_if_present(directory / "special_tokens_map.json"));
  const auto added = parse_document(read_if_present(directory / "added_tokens.json"));
  require_siglip(config);
  SiglipFiles files = {parse_sentence_piece_file(model->bytes, model->name), {}};
  TokenizerSpec& spec = files.spec;
  spec.vocabulary_file = model->name;
  spec.vocabulary.reserve(files.model.pieces.size());
  TokenId id = 0;
  for (const SentencePieceToken& piece : files.model.pieces) {
    spec.vocabulary.insert(piece.text, id++, model->name);
  }
  apply_siglip_tokenizer_config({.config = config ? &*config : nullptr,
                                 .special_tokens_map = map ? &*map : nullptr,
                                 .added_tokens = added ? &*added : nullptr},
                                spec);
  return files;
}

}  // namespace

struct SiglipTokenizer::Vocabulary {
  explicit Vocabulary(SiglipFiles files)
      : spec(std::move(files.spec)),
        pieces(files.model, spec.vocabulary_file),
        unk_length(pieces.encode(spec.unk_token).size()) {
    for (AddedToken token : spec.added_tokens) {
      token.normalized = false;  // looked for in the text as it is, whatever the files say
      added.add(token, spec.vocabulary, {}, spec.vocabulary_file);
    }
    eos = id_of(spec.eos_token);
  }

  [[nodiscard]] TokenId id_of(std::string_view token) const {
    const TokenId id = added.find(token);
    return id != blip::Vocabulary::kNone ? id : pieces.id_of(token);
  }

  // The pieces of a stretch of text. The unknown token before it keeps SentencePiece from taking
  // away the mark at its start.
  void append_pieces(std::string_view text, std::vector<std::string>& tokens) const {
    std::vector<std::string> found =
        pieces.encode(spec.unk_token + canonical_text(text, spec.lowercase));
    const std::size_t first = found.size() >= unk_length ? unk_length : 0;
    for (std::size_t i = first; i < found.size(); ++i) tokens.push_back(std::move(found[i]));
  }

  [[nodiscard]] std::vector<TokenId> ids_of(std::string_view text, bool parse_special) const {
    const std::string whole = marked(text);
    std::vector<std::string> tokens;
    for (const TextPiece& piece :
         added.split(whole, AddedTokens::Stage::given_text, parse_special)) {
      if (piece.id != blip::Vocabulary::kNone) {
        tokens.push_back(*added.text_of(piece.id));
      } else {
        append_pieces(piece.text, tokens);
      }
    }
    std::size_t first = 0;
    if (tokens.size() > 1 && tokens[0] == kBlankMark && added.is_special(tokens[1])) first = 1;
    std::vector<TokenId> ids;
    ids.reserve(tokens.size() + 1);
    for (std::size_t i = first; i < tokens.size(); ++i) ids.push_back(id_of(tokens[i]));
    return ids;
  }

  TokenizerSpec spec;
  SentencePiece pieces;
  std::size_t unk_length;  // pieces of the unknown token's text
  AddedTokens added;
  TokenId eos = -1;
};

SiglipTokenizer::SiglipTokenizer(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)) {}

SiglipTokenizer SiglipTokenizer::from_pretrained(const std::filesystem::path& model_directory) {
  try {
    return SiglipTokenizer(std::make_shared<const Vocabulary>(read_siglip_files(model_directory)));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded,
                model_directory.string() + ": not enough memory for the tokenizer");
  }
}

std::vector<TokenId> SiglipTokenizer::encode(std::string_view text,
                                             const EncodeOptions& options) const {
  const bool parse_special =
      options.parse_special_tokens && !vocabulary_->spec.split_special_tokens;
  std::vector<TokenId> ids = vocabulary_->ids_of(
      is_valid_utf8(text) ? std::string(text) : replace_invalid_utf8(text), parse_special);
  const std::size_t after = options.add_special_tokens ? 1 : 0;
  if (options.max_length != 0 && ids.size() + after > options.max_length) {
    ids.resize(options.max_length - after);
  }
  // transformers adds no second one.
  const bool ends = !ids.empty() && ids.back() == vocabulary_->eos;
  if (options.add_special_tokens && !ends) ids.push_back(vocabulary_->eos);
  return ids;
}

// As transformers' convert_tokens_to_string.
std::string SiglipTokenizer::decode(std::span<const TokenId> ids,
                                    const DecodeOptions& options) const {
  const TokenizerSpec& spec = vocabulary_->spec;
  std::string out;
  std::vector<std::string> pieces;
  const auto flush = [&] {
    out += vocabulary_->pieces.decode(pieces);
    pieces.clear();
  };
  bool after_special = false;
  for (const TokenId id : ids) {
    const std::string* added = vocabulary_->added.text_of(id);
    if (added == nullptr && !spec.vocabulary.contains(id)) continue;
    const std::string token = added != nullptr ? *added : std::string(spec.vocabulary.token(id));
    if (vocabulary_->added.is_special(token)) {
      if (options.skip_special_tokens) continue;
      if (!after_special) out += ' ';
      flush();
      out += token;
      after_special = true;
    } else {
      pieces.push_back(token);
      after_special = false;
    }
  }
  flush();
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  out = out.substr(first, out.find_last_not_of(' ') - first + 1);
  const bool clean_up =
      options.clean_up_tokenization_spaces.value_or(spec.clean_up_tokenization_spaces);
  return clean_up ? clean_up_tokenization(std::move(out)) : out;
}

std::size_t SiglipTokenizer::vocab_size() const noexcept {
  return vocabulary_->spec.vocabulary.size() +
         vocabulary_->added.count_outside(vocabulary_->spec.vocabulary);
}

SpecialTokens SiglipTokenizer::special_tokens() const noexcept {
  const TokenizerSpec& spec = vocabulary_->spec;
  return {.eos = vocabulary_->eos,
          .unk = vocabulary_->id_of(spec.unk_token),
          .pad = spec.pad_token.empty() ? -1 : vocabulary_->id_of(spec.pad_token)};
}

std::size_t SiglipTokenizer::model_max_length() const noexcept {
  return vocabulary_->spec.model_max_length;
}

}  // namespace blip
