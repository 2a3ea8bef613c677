#include "train/model/vocabulary_rows.hpp"

#include <string>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "text/tokenizer_files.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip::train {

std::vector<std::int64_t> vocabulary_rows(const std::filesystem::path& own,
                                          const std::filesystem::path& bert) {
  const TokenizerSpec pieces = make_tokenizer_spec(read_tokenizer_files(own));
  const TokenizerSpec known = make_tokenizer_spec(read_tokenizer_files(bert));
  std::vector<std::int64_t> rows;
  const auto count = static_cast<TokenId>(pieces.vocabulary.size());
  for (TokenId id = 0; id < count; ++id) {
    const std::string piece(pieces.vocabulary.token(id));
    const TokenId row = known.vocabulary.find(piece);
    if (row == Vocabulary::kNone) {
      throw Error(ErrorCode::invalid_argument,
                  pieces.vocabulary_file + ": piece " + in_quotes(piece) + " is not one of " +
                      known.vocabulary_file + ", which the text towers start from");
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace blip::train
