#include "text/word_piece.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"

namespace blip {

namespace {

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::array<std::uint16_t, 128> ascii_properties() {
  std::array<std::uint16_t, 128> table{};
  for (std::size_t c = 0; c < table.size(); ++c) table[c] = properties_of(static_cast<char32_t>(c));
  return table;
}

}  // namespace

WordPiece::WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options,
                     const std::string& name)
    : vocabulary_(vocabulary),
      prefix_(options.continuing_subword_prefix),
      max_characters_(options.max_input_chars_per_word),
      unk_id_(vocabulary.find(options.unk_token)) {
  if (unk_id_ == Vocabulary::kNone) {
    throw Error(ErrorCode::malformed,
                name + ": the vocabulary lacks unk_token " + in_quotes(options.unk_token));
  }
  prefix_hash_.add(prefix_);
}

void WordPiece::encode(std::string_view text, std::vector<TokenId>& ids) const {
  static const std::array<std::uint16_t, 128> kAscii = ascii_properties();
  Workspace workspace;
  std::size_t begin = 0;       // of the current word
  std::size_t characters = 0;  // in the current word
  const auto end_word = [&](std::size_t end) {
    if (characters > 0) encode_word(text.substr(begin, end - begin), characters, workspace, ids);
    characters = 0;
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    std::uint16_t properties = 0;
    if (const auto byte = static_cast<unsigned char>(text[i]); byte < 0x80) {
      properties = kAscii[byte];
    } else {
      const DecodedCharacter character = decode_utf8(text.substr(i));
      length = character.length;
      properties = properties_of(character.code_point);
    }
    if ((properties & kWhitespace) != 0) {
      end_word(i);
    } else if ((properties & kPunctuation) != 0) {
      end_word(i);
      encode_word(text.substr(i, length), 1, workspace, ids);
    } else {
      if (characters == 0) begin = i;
      ++characters;
    }
    i += length;
  }
  end_word(text.size());
}

void WordPiece::encode_word(std::string_view word, std::size_t characters, Workspace& workspace,
                            std::vector<TokenId>& ids) const {
  if (characters > max_characters_) {
    ids.push_back(unk_id_);
    return;
  }
  // A prefixed piece is looked up in place: the prefix overwrites what lies before the piece, which
  // is prefix or has been matched already.
  std::string& buffer = workspace.word;
  buffer.assign(prefix_).append(word);
  const std::size_t prefix_size = prefix_.size();
  const std::size_t first_id = ids.size();

  for (std::size_t start = 0; start < word.size();) {
    const bool continues = start > 0;
    const std::size_t extra = continues ? prefix_size : 0;
    if (continues) std::copy(prefix_.begin(), prefix_.end(), buffer.begin() + start);
    const std::string_view candidate = std::string_view(buffer).substr(prefix_size + start - extra);

    // No token is longer than the longest, so longer candidates need not be tried.
    const std::size_t longest = std::min(candidate.size(), vocabulary_.longest_token());
    TokenHash hash = continues ? prefix_hash_ : TokenHash();
    workspace.hashes.clear();
    for (std::size_t i = extra; i < longest; ++i) {
      hash.add(candidate[i]);
      workspace.hashes.push_back(hash.value());
    }
    std::size_t length = workspace.hashes.size();
    TokenId id = Vocabulary::kNone;
    for (; length > 0; --length) {
      const std::size_t end = extra + length;
      if (end < candidate.size() && continues_character(candidate[end])) continue;
      id = vocabulary_.find(candidate.substr(0, end), workspace.hashes[length - 1]);
      if (id != Vocabulary::kNone) break;
    }
    if (id == Vocabulary::kNone) {
      ids.resize(first_id);
      ids.push_back(unk_id_);
      return;
    }
    ids.push_back(id);
    start += length;
  }
}

}  // namespace blip
