#include "text/sentence_piece_file.hpp"

#include <bit>
#include <cmath>
#include <set>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "text/charsmap.hpp"
#include "text/vocabulary.hpp"

namespace blip {
namespace {

[[noreturn]] void fail_model(const std::string& name, const std::string& problem,
                             ErrorCode code = ErrorCode::malformed) {
  throw Error(code, name + ": " + problem);
}

// The fields of one message, in the order of the file: https://protobuf.dev/programming-guides/
// encoding/
class ProtoFields {
 public:
  enum class Wire : std::uint8_t { varint = 0, eight_bytes = 1, bytes = 2, four_bytes = 5 };

  struct Field {
    std::uint32_t number = 0;
    Wire wire = Wire::varint;
    std::uint64_t value = 0;   // of the three kinds of numbers
    std::string_view bytes{};  // of the fourth
  };

  ProtoFields(std::string_view message, const std::string& file) : rest_(message), file_(file) {}

  // False at the end of the message.
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    if (key >> 3U == 0 || key >> 32U != 0) fail();
    field = {.number = static_cast<std::uint32_t>(key >> 3U), .wire = static_cast<Wire>(key & 7U)};
    switch (field.wire) {
      case Wire::varint:
        field.value = varint();
        return true;
      case Wire::eight_bytes:
        field.value = fixed(8);
        return true;
      case Wire::four_bytes:
        field.value = fixed(4);
        return true;
      case Wire::bytes:
        field.bytes = take(varint());
        return true;
    }
    fail();
  }

  // Field `field` as what it must be.
  [[nodiscard]] bool boolean(const Field& field) const { return number(field) != 0; }
  [[nodiscard]] std::uint64_t number(const Field& field) const {
    if (field.wire != Wire::varint) fail();
    return field.value;
  }
  [[nodiscard]] float single(const Field& field) const {
    if (field.wire != Wire::four_bytes) fail();
    return std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
  }
  [[nodiscard]] std::string_view text(const Field& field) const {
    if (field.wire != Wire::bytes) fail();
    return field.bytes;
  }

 private:
  [[noreturn]] void fail() const { fail_model(file_, "is no model of SentencePiece"); }

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t fixed(std::size_t count) {
    std::uint64_t value = 0;
    const std::string_view bytes = take(count);
    for (std::size_t i = 0; i < count; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view rest_;
  const std::string& file_;
};

using ProtoField = ProtoFields::Field;

// Numbers of fields in sentencepiece_model.proto.
enum ModelField : std::uint32_t { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum PieceField : std::uint32_t { kPieceText = 1, kPieceScore = 2, kPieceType = 3 };
enum TrainerField : std::uint32_t { kModelType = 3, kWhitespaceSuffix = 24, kByteFallback = 35 };
enum NormalizerField : std::uint32_t {
  kCharsmap = 2,
  kDummyPrefix = 3,
  kRemoveExtra = 4,
  kEscapeWhitespaces = 5,
};
constexpr std::uint64_t kUnigram = 1;

SentencePieceToken read_piece(std::string_view message, const std::string& name) {
  SentencePieceToken piece;
  ProtoFields fields(message, name);
  for (ProtoField field; fields.next(field);) {
    if (field.number == kPieceText) {
      piece.text = fields.text(field);
    } else if (field.number == kPieceScore) {
      piece.score = fields.single(field);
    } else if (field.number == kPieceType) {
      const std::uint64_t type = fields.number(field);
      if (type < 1 || type > 6) fail_model(name, "has a piece of type " + std::to_string(type));
      piece.type = static_cast<PieceType>(type);
    }
  }
  return piece;
}

void read_trainer(std::string_view message, const std::string& name, SentencePieceFile& file) {
  ProtoFields fields(message, name);
  for (ProtoField field; fields.next(field);) {
    if (field.number == kModelType && fields.number(field) != kUnigram) {
      fail_model(name, "is not of SentencePiece's unigram kind, the only one that is supported",
                 ErrorCode::unsupported);
    }
    if (field.number == kWhitespaceSuffix) file.treat_whitespace_as_suffix = fields.boolean(field);
    if (field.number == kByteFallback) file.byte_fallback = fields.boolean(field);
  }
}

void read_normalizer_spec(std::string_view message, const std::string& name,
                          SentencePieceFile& file) {
  ProtoFields fields(message, name);
  for (ProtoField field; fields.next(field);) {
    if (field.number == kCharsmap) file.precompiled_charsmap = fields.text(field);
    if (field.number == kDummyPrefix) file.add_dummy_prefix = fields.boolean(field);
    if (field.number == kRemoveExtra) file.remove_extra_whitespaces = fields.boolean(field);
    if (field.number == kEscapeWhitespaces) file.escape_whitespaces = fields.boolean(field);
  }
}

void check_piece(const SentencePieceToken& piece, const std::string& name) {
  const std::string& text = piece.text;
  if (text.empty() || text.find('\0') != std::string::npos || !is_valid_utf8(text)) {
    fail_model(name, "has a piece that is empty or no UTF-8");
  }
  if (text.size() > kMaxPieceBytes ||
      (piece.type == PieceType::user_defined && text.size() > kMaxUserPieceBytes)) {
    fail_model(name, "has a piece of " + std::to_string(text.size()) + " bytes",
               ErrorCode::limit_exceeded);
  }
  if (!std::isfinite(piece.score)) {
    fail_model(name, "has a score that is no number, of piece " + in_quotes(text));
  }
}

void check_pieces(const SentencePieceFile& file, const std::string& name) {
  std::set<std::string_view> seen;
  std::size_t unknown = 0;
  bool has_words = false;
  for (const SentencePieceToken& piece : file.pieces) {
    check_piece(piece, name);
    if (!seen.insert(piece.text).second) {
      fail_model(name, "has piece " + in_quotes(piece.text) + " twice");
    }
    unknown += piece.type == PieceType::unknown ? 1 : 0;
    has_words |= piece.type == PieceType::normal || piece.type == PieceType::user_defined ||
                 piece.type == PieceType::unused;
  }
  if (unknown != 1 || !has_words) {
    fail_model(name, "has no words, or not exactly one piece for unknown ones");
  }
}

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

void append_number(std::uint32_t field, std::uint64_t value, std::string& out) {
  append_varint(std::uint64_t{field} << 3U, out);
  append_varint(value, out);
}

void append_bytes(std::uint32_t field, std::string_view bytes, std::string& out) {
  append_varint(std::uint64_t{field} << 3U | 2U, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

std::string serialized_piece(const SentencePieceToken& piece) {
  std::string out;
  append_bytes(kPieceText, piece.text, out);
  append_varint(std::uint64_t{kPieceScore} << 3U | 5U, out);
  const auto bits = std::bit_cast<std::uint32_t>(piece.score);
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(bits >> shift));
  append_number(kPieceType, static_cast<std::uint64_t>(piece.type), out);
  return out;
}

}  // namespace

SentencePieceFile parse_sentence_piece_file(std::string_view bytes, const std::string& name) {
  SentencePieceFile file;
  ProtoFields fields(bytes, name);
  for (ProtoField field; fields.next(field);) {
    if (field.number == kPieces) {
      if (file.pieces.size() >= static_cast<std::size_t>(kMaxTokenCount)) {
        fail_model(name, "has more than " + std::to_string(kMaxTokenCount) + " pieces",
                   ErrorCode::limit_exceeded);
      }
      file.pieces.push_back(read_piece(fields.text(field), name));
    } else if (field.number == kTrainerSpec) {
      read_trainer(fields.text(field), name, file);
    } else if (field.number == kNormalizerSpec) {
      read_normalizer_spec(fields.text(field), name, file);
    }
  }
  check_pieces(file, name);
  if (!file.precompiled_charsmap.empty()) check_charsmap(file.precompiled_charsmap, name);
  return file;
}

std::string serialized(const SentencePieceFile& file) {
  std::string out;
  for (const SentencePieceToken& piece : file.pieces) {
    append_bytes(kPieces, serialized_piece(piece), out);
  }
  std::string trainer;
  append_number(kModelType, kUnigram, trainer);
  append_number(kWhitespaceSuffix, file.treat_whitespace_as_suffix ? 1 : 0, trainer);
  append_number(kByteFallback, file.byte_fallback ? 1 : 0, trainer);
  append_bytes(kTrainerSpec, trainer, out);
  std::string normalizer;
  append_bytes(kCharsmap, file.precompiled_charsmap, normalizer);
  append_number(kDummyPrefix, file.add_dummy_prefix ? 1 : 0, normalizer);
  append_number(kRemoveExtra, file.remove_extra_whitespaces ? 1 : 0, normalizer);
  append_number(kEscapeWhitespaces, file.escape_whitespaces ? 1 : 0, normalizer);
  append_bytes(kNormalizerSpec, normalizer, out);
  return out;
}

}  // namespace blip
