// SentencePiece's model files: protocol buffers, read and checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// ModelProto.SentencePiece, by the numbers that files have.
enum class PieceType : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6,
};

struct SentencePieceToken {
  std::string text;
  float score = 0.0F;
  PieceType type = PieceType::normal;
};

/// What of a file decides how a text is cut.
struct SentencePieceFile {
  std::vector<SentencePieceToken> pieces;  ///< by id
  bool byte_fallback = false;
  bool treat_whitespace_as_suffix = false;
  std::string precompiled_charsmap = {};  ///< the normalisation's table, checked; empty: none
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
};

/// A piece's longest text. SentencePiece trains none of more than 512 characters.
inline constexpr std::size_t kMaxPieceBytes = 2048;
/// A piece that the user named is looked for among its own prefixes, in a table of 64.
inline constexpr std::size_t kMaxUserPieceBytes = 60;
/// `name` stands for the file in messages. Throws malformed, unsupported (a model that is not of
/// the unigram kind) or limit_exceeded.
SentencePieceFile parse_sentence_piece_file(std::string_view bytes, const std::string& name);

/// A file that says that and nothing else, for tests.
std::string serialized(const SentencePieceFile& file);

}  // namespace blip
