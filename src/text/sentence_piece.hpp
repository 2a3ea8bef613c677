// SentencePiece: texts cut into the pieces of a unigram model, as Google's library does it.
//
// The library itself is not used. Debian's has a copy of protocol buffers in it and exports its
// names, so that a process which has the real ones as well, with libtorch for instance, ends before
// main. And it follows the tables of a hostile file out of bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/sentence_piece_file.hpp"
#include "text/vocabulary.hpp"

namespace blip {

/// Immutable: every member may be called from many threads.
class SentencePiece {
 public:
  /// Throws malformed, naming `name`, for byte pieces without byte fallback, or not all of them
  /// with it.
  SentencePiece(SentencePieceFile file, const std::string& name);

  /// `text`, normalised as the file says, as pieces: those whose scores have the largest sum
  /// (Kudo 2018). What no piece spells comes out as it is, one piece for a run of it, or as bytes
  /// ("<0x0A>") if the model has pieces for them. Throws limit_exceeded for more than 16 MiB.
  [[nodiscard]] std::vector<std::string> encode(std::string_view text) const;
  /// The text of pieces.
  [[nodiscard]] std::string decode(const std::vector<std::string>& pieces) const;

  /// The id of a piece, or of the unknown one.
  [[nodiscard]] TokenId id_of(std::string_view piece) const;

 private:
  // Ids of pieces, sorted by their texts.
  using SortedIds = std::vector<TokenId>;

  [[nodiscard]] std::string_view text_of(TokenId id) const;
  [[nodiscard]] PieceType type_of(TokenId id) const;
  [[nodiscard]] std::string normalized(std::string_view text) const;
  struct Prefix {
    std::string_view written;  // what becomes of it
    std::size_t length = 0;    // of the text that it stands for
  };
  [[nodiscard]] Prefix normalized_prefix(std::string_view text) const;
  struct Segment {
    std::size_t start = 0;
    std::size_t end = 0;
    TokenId id = 0;
  };
  [[nodiscard]] std::vector<Segment> best_segments(std::string_view normalized) const;
  [[nodiscard]] SortedIds sorted_ids(bool (*wanted)(PieceType type)) const;
  // Calls found(id, length) for every one of `ids` that `text` begins with, the shortest first.
  template <typename Found>
  void for_each_prefix(const SortedIds& ids, std::string_view text, const Found& found) const;

  SentencePieceFile file_;
  SortedIds all_;
  SortedIds words_;         // that texts are cut into
  SortedIds user_defined_;  // that are not normalised
  TokenId unknown_ = 0;
  float lowest_score_ = 0.0F;   // of normal pieces
  float highest_score_ = 0.0F;  // of them, and at least the smallest positive number
};

}  // namespace blip
