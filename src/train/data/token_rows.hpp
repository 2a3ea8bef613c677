// TokenRows: texts as rows of token ids of one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip::train {

/// [CLS] … [SEP] of each text, padded with [PAD].
struct TokenRows {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::int64_t> ids;   ///< [rows, columns]
  std::vector<std::int64_t> mask;  ///< [rows, columns]: 1 for a token, 0 for padding
};

enum class Padding {
  to_longest,  ///< of these texts
  to_maximum,
};

/// transformers' tokenizer(texts, truncation=True, max_length=max_tokens, padding=…): a longer text
/// loses the tokens before its [SEP]. Text that looks like a special token is text. Throws
/// invalid_argument for max_tokens < 2.
TokenRows tokenized(const BertTokenizer& tokenizer, std::span<const std::string> texts,
                    std::size_t max_tokens, Padding padding);

}  // namespace blip::train
