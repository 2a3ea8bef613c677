#include "text/sentence_piece.hpp"

#include <sentencepiece_processor.h>

#include <exception>
#include <new>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// The library counts in 32 bits and holds some 40 bytes for each of a text.
constexpr std::size_t kMaxPieceTextBytes = std::size_t{16} << 20;

void require_ok(const sentencepiece::util::Status& status, const std::string& what) {
  if (status.ok()) return;
  throw Error(ErrorCode::malformed,
              what + ": SentencePiece refuses it: " + in_quotes(status.ToString()));
}

}  // namespace

struct SentencePiece::Processor {
  sentencepiece::SentencePieceProcessor library;
};

SentencePiece::SentencePiece(const SentencePieceFile& file, const std::string& name) {
  auto processor = std::make_unique<Processor>();
  try {
    require_ok(processor->library.LoadFromSerializedProto(serialized(file)), name);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // of its double arrays
    throw Error(ErrorCode::malformed,
                name + ": SentencePiece refuses it: " + in_quotes(error.what()));
  }
  processor_ = std::move(processor);
}

SentencePiece::~SentencePiece() = default;

std::vector<std::string> SentencePiece::encode(std::string_view text) const {
  if (text.size() > kMaxPieceTextBytes) {
    throw Error(ErrorCode::limit_exceeded, "a text of more than 16 MiB cannot be tokenized");
  }
  std::vector<std::string> pieces;
  require_ok(processor_->library.Encode(text, &pieces), "a text");
  return pieces;
}

std::string SentencePiece::decode(const std::vector<std::string>& pieces) const {
  std::string text;
  require_ok(processor_->library.Decode(pieces, &text), "tokens");
  return text;
}

TokenId SentencePiece::id_of(std::string_view piece) const {
  return processor_->library.PieceToId(piece);
}

}  // namespace blip
