// SentencePiece: texts cut into the pieces of a unigram model, by the SentencePiece library.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/sentence_piece_file.hpp"
#include "text/vocabulary.hpp"

namespace blip {

/// Immutable: every member may be called from many threads.
class SentencePiece {
 public:
  /// Throws malformed, naming `name`, for a file that the library refuses.
  SentencePiece(const SentencePieceFile& file, const std::string& name);
  ~SentencePiece();
  SentencePiece(const SentencePiece&) = delete;
  SentencePiece& operator=(const SentencePiece&) = delete;

  /// `text`, normalised as the file says, as pieces. What no piece spells comes out as it is, one
  /// piece for a run of it, or as bytes ("<0x0A>") if the model has pieces for them. Throws
  /// limit_exceeded for more than 16 MiB.
  [[nodiscard]] std::vector<std::string> encode(std::string_view text) const;
  /// The text of pieces.
  [[nodiscard]] std::string decode(const std::vector<std::string>& pieces) const;

  /// The id of a piece, or of the unknown one.
  [[nodiscard]] TokenId id_of(std::string_view piece) const;

 private:
  struct Processor;
  std::unique_ptr<const Processor> processor_;
};

}  // namespace blip
