#include "text/sentence_piece.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "blip/error.hpp"
#include "core/unicode.hpp"
#include "text/charsmap.hpp"

namespace blip {
namespace {

// Some 40 bytes are held for each of a text.
constexpr std::size_t kMaxPieceTextBytes = std::size_t{16} << 20;
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr std::string_view kReplacementText = "\xEF\xBF\xBD";
// What the unknown piece itself is decoded to: trainer_spec.unk_surface.
constexpr std::string_view kUnknownText = " \xE2\x81\x87 ";
// A character that no piece spells scores so much less than the worst piece.
constexpr float kUnknownPenalty = 10.0F;

// By its first byte alone, as the library has it.
std::size_t character_length(std::string_view text) {
  constexpr std::array<std::uint8_t, 16> kLengths = {1, 1, 1, 1, 1, 1, 1, 1,
                                                     1, 1, 1, 1, 2, 2, 3, 4};
  return std::min<std::size_t>(kLengths[static_cast<unsigned char>(text[0]) >> 4U], text.size());
}

std::string byte_piece(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[byte >> 4U] + kDigits[byte & 15U] + ">";
}

unsigned char byte_of_piece(std::string_view piece) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  return static_cast<unsigned char>(digit(piece[3]) * 16 + digit(piece[4]));
}

bool is_byte_piece(std::string_view piece) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  return piece.size() == 6 && piece.starts_with("<0x") && piece[5] == '>' && is_digit(piece[3]) &&
         is_digit(piece[4]);
}

void append_without_marks(std::string_view piece, std::string& out) {
  for (std::size_t at = 0; at < piece.size();) {
    if (piece.substr(at).starts_with(kSpaceMark)) {
      out += ' ';
      at += kSpaceMark.size();
    } else {
      out += piece[at++];
    }
  }
}

// Bytes that pieces stand for: each that belongs to no character becomes U+FFFD.
void append_bytes_as_text(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const DecodedCharacter character = decode_utf8(bytes);
    if (character.valid) {
      out += bytes.substr(0, character.length);
      bytes.remove_prefix(character.length);
    } else {
      out += kReplacementText;
      bytes.remove_prefix(1);
    }
  }
}

}  // namespace

SentencePiece::SentencePiece(SentencePieceFile file, const std::string& name)
    : file_(std::move(file)) {
  std::size_t bytes = 0;
  lowest_score_ = std::numeric_limits<float>::max();
  highest_score_ = std::numeric_limits<float>::min();
  for (std::size_t id = 0; id < file_.pieces.size(); ++id) {
    const SentencePieceToken& piece = file_.pieces[id];
    if (piece.type == PieceType::unknown) unknown_ = static_cast<TokenId>(id);
    if (piece.type == PieceType::normal) {
      lowest_score_ = std::min(lowest_score_, piece.score);
      highest_score_ = std::max(highest_score_, piece.score);
    }
    if (piece.type != PieceType::byte) continue;
    ++bytes;
    if (!file_.byte_fallback || !is_byte_piece(piece.text)) {
      throw Error(ErrorCode::malformed, name + ": has a byte piece that stands for no byte");
    }
  }
  if (file_.byte_fallback && bytes != 256) {
    throw Error(ErrorCode::malformed, name + ": has byte fallback, but " + std::to_string(bytes) +
                                          " pieces for bytes instead of 256");
  }
  all_ = sorted_ids([](PieceType /*type*/) { return true; });
  words_ = sorted_ids(
      [](PieceType type) { return type == PieceType::normal || type == PieceType::user_defined; });
  user_defined_ = sorted_ids([](PieceType type) { return type == PieceType::user_defined; });
}

std::string_view SentencePiece::text_of(TokenId id) const {
  return file_.pieces[static_cast<std::size_t>(id)].text;
}

PieceType SentencePiece::type_of(TokenId id) const {
  return file_.pieces[static_cast<std::size_t>(id)].type;
}

SentencePiece::SortedIds SentencePiece::sorted_ids(bool (*wanted)(PieceType type)) const {
  SortedIds ids;
  for (std::size_t id = 0; id < file_.pieces.size(); ++id) {
    if (wanted(file_.pieces[id].type)) ids.push_back(static_cast<TokenId>(id));
  }
  std::ranges::sort(ids, {}, [this](TokenId id) { return text_of(id); });
  return ids;
}

template <typename Found>
void SentencePiece::for_each_prefix(const SortedIds& ids, std::string_view text,
                                    const Found& found) const {
  // The pieces that begin with the first `length` bytes of the text, which lie side by side.
  auto first = ids.begin();
  auto last = ids.end();
  for (std::size_t length = 1; length <= text.size(); ++length) {
    const auto byte = static_cast<unsigned char>(text[length - 1]);
    // -1: too short.
    const auto byte_of = [this, length](TokenId id) {
      const std::string_view piece = text_of(id);
      return piece.size() < length
                 ? -1
                 : static_cast<int>(static_cast<unsigned char>(piece[length - 1]));
    };
    first = std::partition_point(first, last, [&](TokenId id) { return byte_of(id) < byte; });
    last = std::partition_point(first, last, [&](TokenId id) { return byte_of(id) <= byte; });
    if (first == last) return;
    if (text_of(*first).size() == length) found(*first, length);
  }
}

SentencePiece::Prefix SentencePiece::normalized_prefix(std::string_view text) const {
  std::size_t user_defined = 0;
  for_each_prefix(user_defined_, text,
                  [&](TokenId /*id*/, std::size_t length) { user_defined = length; });
  if (user_defined > 0) return {text.substr(0, user_defined), user_defined};
  if (!file_.precompiled_charsmap.empty()) {
    const CharsmapRule rule = longest_rule(file_.precompiled_charsmap, text);
    if (rule.length > 0) return {rule.replacement, rule.length};
  }
  const DecodedCharacter character = decode_utf8(text);
  if (!character.valid) return {kReplacementText, 1};
  return {text.substr(0, character.length), character.length};
}

std::string SentencePiece::normalized(std::string_view text) const {
  const bool removes = file_.remove_extra_whitespaces;
  while (removes && !text.empty()) {
    const Prefix prefix = normalized_prefix(text);
    if (prefix.written != " ") break;
    text.remove_prefix(prefix.length);
  }
  std::string out;
  if (text.empty()) return out;
  const std::string_view space = file_.escape_whitespaces ? kSpaceMark : " ";
  if (!file_.treat_whitespace_as_suffix && file_.add_dummy_prefix) out += space;
  bool after_space = removes;
  while (!text.empty()) {
    const Prefix prefix = normalized_prefix(text);
    std::string_view written = prefix.written;
    while (after_space && written.starts_with(' ')) written.remove_prefix(1);
    for (const char c : written) {
      if (c == ' ') {
        out += space;
      } else {
        out += c;
      }
    }
    if (!written.empty()) after_space = written.ends_with(' ');
    if (!removes) after_space = false;
    text.remove_prefix(prefix.length);
  }
  while (removes && out.ends_with(space)) out.resize(out.size() - space.size());
  if (file_.treat_whitespace_as_suffix && file_.add_dummy_prefix) out += space;
  return out;
}

// Viterbi's search: of every place the best way to it. Equal ways and the rounding of sums are the
// library's: sums are float, but compared as double where a piece has a score of its own.
std::vector<SentencePiece::Segment> SentencePiece::best_segments(
    std::string_view normalized) const {
  struct Way {
    float score = 0.0F;
    std::int64_t start = -1;  // of its last piece; -1: nothing leads here
    TokenId id = 0;
  };
  std::vector<Way> ways(normalized.size() + 1);
  const auto offer = [&](std::size_t start, std::size_t end, TokenId id, double sum) {
    Way& way = ways[end];
    if (way.start >= 0 && sum <= static_cast<double>(way.score)) return;
    way = {.score = static_cast<float>(sum), .start = static_cast<std::int64_t>(start), .id = id};
  };
  for (std::size_t start = 0; start < normalized.size();) {
    const std::string_view rest = normalized.substr(start);
    const std::size_t character = character_length(rest);
    bool is_spelled = false;
    for_each_prefix(words_, rest, [&](TokenId id, std::size_t length) {
      // One that the user named always wins.
      const double score =
          type_of(id) == PieceType::user_defined
              ? static_cast<double>(static_cast<float>(length) * highest_score_) - 0.1
              : static_cast<double>(file_.pieces[static_cast<std::size_t>(id)].score);
      offer(start, start + length, id, score + static_cast<double>(ways[start].score));
      is_spelled |= length == character;
    });
    if (!is_spelled) {
      const float score = lowest_score_ - kUnknownPenalty;
      offer(start, start + character, unknown_, static_cast<double>(score + ways[start].score));
    }
    start += character;
  }
  std::vector<Segment> segments;
  for (std::size_t end = normalized.size(); end > 0;) {
    const auto start = static_cast<std::size_t>(ways[end].start);
    segments.push_back({.start = start, .end = end, .id = ways[end].id});
    end = start;
  }
  std::ranges::reverse(segments);
  return segments;
}

std::vector<std::string> SentencePiece::encode(std::string_view text) const {
  if (text.size() > kMaxPieceTextBytes) {
    throw Error(ErrorCode::limit_exceeded, "a text of more than 16 MiB cannot be tokenized");
  }
  const std::string whole = normalized(text);
  std::vector<std::string> pieces;
  bool after_unknown = false;
  for (const Segment& segment : best_segments(whole)) {
    const std::string_view piece =
        std::string_view(whole).substr(segment.start, segment.end - segment.start);
    const bool is_unknown = segment.id == unknown_;
    if (is_unknown && file_.byte_fallback) {
      for (const char byte : piece) pieces.push_back(byte_piece(static_cast<unsigned char>(byte)));
    } else if (is_unknown && after_unknown) {
      pieces.back() += piece;
    } else {
      pieces.emplace_back(piece);
    }
    after_unknown = is_unknown;
  }
  return pieces;
}

std::string SentencePiece::decode(const std::vector<std::string>& pieces) const {
  std::string text;
  std::string bytes;
  bool had_start_mark = false;  // the dummy prefix was left out
  const auto flush = [&] {
    append_bytes_as_text(bytes, text);
    bytes.clear();
  };
  for (const std::string& piece : pieces) {
    const TokenId id = id_of(piece);
    if (type_of(id) == PieceType::byte) {
      bytes += static_cast<char>(byte_of_piece(piece));
      continue;
    }
    flush();
    if (id == unknown_) {
      text += text_of(unknown_) == piece ? kUnknownText : std::string_view(piece);
    } else if (type_of(id) != PieceType::control) {
      std::string_view rest = piece;
      if (text.empty() && !had_start_mark &&
          (file_.add_dummy_prefix || file_.remove_extra_whitespaces) &&
          rest.starts_with(kSpaceMark)) {
        rest.remove_prefix(kSpaceMark.size());
        had_start_mark = !file_.remove_extra_whitespaces;
      }
      append_without_marks(rest, text);
    }
  }
  flush();
  return text;
}

TokenId SentencePiece::id_of(std::string_view piece) const {
  const auto found =
      std::ranges::lower_bound(all_, piece, {}, [this](TokenId id) { return text_of(id); });
  return found != all_.end() && text_of(*found) == piece ? *found : unknown_;
}

}  // namespace blip
