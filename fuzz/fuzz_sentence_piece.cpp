// Any bytes may be a model of SentencePiece's. What is accepted goes to the library, which then
// cuts texts: of every byte, and of the model's own pieces and rules.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "text/sentence_piece.hpp"
#include "text/sentence_piece_file.hpp"

namespace {

constexpr std::size_t kMostText = 512;

void cut(const blip::SentencePiece& pieces, std::string_view text) {
  const std::vector<std::string> cut = pieces.encode(text.substr(0, kMostText));
  for (const std::string& piece : cut) {
    if (pieces.id_of(piece) < 0) __builtin_trap();
  }
  static_cast<void>(pieces.decode(cut));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const blip::SentencePieceFile file = blip::parse_sentence_piece_file(bytes, "spiece.model");
    const std::string again = blip::serialized(file);
    if (blip::serialized(blip::parse_sentence_piece_file(again, "again")) != again) {
      __builtin_trap();
    }
    const blip::SentencePiece pieces(file, "spiece.model");
    cut(pieces, bytes);
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
    cut(pieces, every_byte);
    std::string own;
    for (const blip::SentencePieceToken& piece : file.pieces) own += piece.text;
    cut(pieces, own);
    cut(pieces, file.precompiled_charsmap);
  } catch (const blip::Error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
  return 0;
}
