#include "blip/dalle_tokenizer.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "core/unicode.hpp"
#include "text/byte_decoder.hpp"
#include "text/byte_pair_files.hpp"
#include "text/byte_pairs.hpp"
#include "text/emoji_names.hpp"
#include "text/named_bytes.hpp"

namespace blip {
namespace {

constexpr const char* kBos = "<s>";
constexpr const char* kPad = "<pad>";
constexpr const char* kEos = "</s>";
constexpr const char* kUnk = "<unk>";

bool is_control(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
}

// Names for emoji, lower case, then ASCII alone, in min-dalle's order.
std::string normalised(std::string_view text) {
  std::string lower;
  std::string named = name_emoji(text);
  for (std::string_view rest = named; !rest.empty();) {
    const DecodedCharacter character = decode_utf8(rest);
    append_lowercase(character.code_point, lower);
    rest.remove_prefix(character.length);
  }
  std::erase_if(lower, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; });
  return lower;
}

// The file; its last line counts only where a line feed ends it, as in min-dalle.
NamedBytes read_merges(const std::filesystem::path& path) {
  auto file = read_if_present(path);
  if (!file) throw Error(ErrorCode::not_found, path.string() + " is missing");
  const std::size_t first = std::min(file->bytes.find('\n'), file->bytes.size());
  const std::size_t last = file->bytes.rfind('\n');
  const std::size_t end = last == std::string::npos ? first : std::max(last + 1, first);
  file->bytes.resize(end);
  // The first line says the version, or nothing.
  file->bytes.erase(0, std::min(first + 1, file->bytes.size()));
  return std::move(*file);
}

}  // namespace

struct DalleTokenizer::Vocabulary {
  Vocabulary(TokenizerSpec its_spec, BytePairOptions options)
      : spec(std::move(its_spec)), pairs(spec.vocabulary, options, spec.vocabulary_file) {
    for (const auto& [token, id] : {std::pair{kBos, &special.bos}, std::pair{kEos, &special.eos},
                                    std::pair{kUnk, &special.unk}}) {
      *id = spec.vocabulary.find(token);
      if (*id == blip::Vocabulary::kNone) {
        throw Error(ErrorCode::malformed,
                    spec.vocabulary_file + ": the vocabulary lacks " + in_quotes(token));
      }
    }
    special.pad = spec.vocabulary.find(kPad);
  }

  // One word, without the blank before it.
  void encode_word(std::string_view word, BytePairs::Workspace& workspace,
                   std::vector<TokenId>& ids) const {
    // The character of a blank, which every word begins with.
    std::string piece = " ";
    while (!word.empty()) {
      const auto* end = std::ranges::find_if(word, is_control);
      const auto length = static_cast<std::size_t>(end - word.begin());
      piece += word.substr(0, length);
      pairs.encode_word(piece, workspace, ids);
      piece.clear();
      word.remove_prefix(length);
      // No merge goes across what the vocabulary does not have.
      for (; !word.empty() && is_control(word.front()); word.remove_prefix(1)) {
        ids.push_back(special.unk);
      }
    }
  }

  TokenizerSpec spec;
  SpecialTokens special;
  BytePairs pairs;
};

DalleTokenizer::DalleTokenizer(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)) {}

DalleTokenizer DalleTokenizer::from_pretrained(const std::filesystem::path& model_directory) {
  const std::filesystem::path vocab = model_directory / "vocab.json";
  const std::filesystem::path mini = model_directory / "vocab_mini.json";
  if (!file_exists(vocab) && file_exists(mini)) {
    return from_files(mini, model_directory / "merges_mini.txt");
  }
  return from_files(vocab, model_directory / "merges.txt");
}

DalleTokenizer DalleTokenizer::from_files(const std::filesystem::path& vocab_json,
                                          const std::filesystem::path& merges_txt) {
  try {
    const auto document = parse_document(read_if_present(vocab_json));
    if (!document) throw Error(ErrorCode::not_found, vocab_json.string() + " is missing");
    TokenizerSpec spec;
    read_vocab_json(*document, spec);
    const NamedBytes merges = read_merges(merges_txt);
    BytePairOptions options = {.unk_token = kUnk, .end_of_word_suffix = ""};
    options.merges = read_merges_txt(merges.bytes, merges.name, spec.vocabulary);
    return DalleTokenizer(std::make_shared<const Vocabulary>(std::move(spec), std::move(options)));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded,
                vocab_json.string() + ": not enough memory for the tokenizer");
  }
}

std::vector<TokenId> DalleTokenizer::encode(std::string_view text,
                                            const EncodeOptions& options) const {
  const SpecialTokens& special = vocabulary_->special;
  std::vector<TokenId> ids;
  if (options.add_special_tokens) ids.push_back(special.bos);
  const std::string words = normalised(text);
  BytePairs::Workspace workspace;
  for (std::string_view rest = words; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    vocabulary_->encode_word(word, workspace, ids);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (options.add_special_tokens) ids.push_back(special.eos);
  if (options.max_length > 0 && ids.size() > options.max_length) ids.resize(options.max_length);
  return ids;
}

std::string DalleTokenizer::decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options) const {
  const SpecialTokens& special = vocabulary_->special;
  std::vector<std::string_view> tokens;
  for (const TokenId id : ids) {
    const bool is_special =
        id == special.bos || id == special.eos || id == special.pad || id == special.unk;
    if (is_special && options.skip_special_tokens) continue;
    const std::string_view token = vocabulary_->spec.vocabulary.token(id);
    if (!token.empty()) tokens.push_back(token);
  }
  return decode_bytes(tokens, "");
}

std::size_t DalleTokenizer::vocab_size() const noexcept {
  return vocabulary_->spec.vocabulary.size();
}

SpecialTokens DalleTokenizer::special_tokens() const noexcept {
  return vocabulary_->special;
}

}  // namespace blip
