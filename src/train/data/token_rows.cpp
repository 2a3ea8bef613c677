#include "train/data/token_rows.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {

TokenRows tokenized(const BertTokenizer& tokenizer, std::span<const std::string> texts,
                    std::size_t max_tokens, Padding padding) {
  if (max_tokens < 2) {
    throw Error(ErrorCode::invalid_argument, "a text has at least two tokens, [CLS] and [SEP]");
  }
  std::vector<std::vector<TokenId>> encoded;
  std::size_t columns = padding == Padding::to_maximum ? max_tokens : 0;
  for (const std::string& text : texts) {
    auto ids = tokenizer.encode(text, {.add_special_tokens = true, .parse_special_tokens = false});
    if (ids.size() > max_tokens) {
      ids.resize(max_tokens);
      ids.back() = tokenizer.sep_token_id();
    }
    columns = std::max(columns, ids.size());
    encoded.push_back(std::move(ids));
  }
  TokenRows result{texts.size(), columns, {}, {}};
  result.ids.assign(result.rows * columns, tokenizer.pad_token_id());
  result.mask.assign(result.rows * columns, 0);
  for (std::size_t row = 0; row < encoded.size(); ++row) {
    for (std::size_t i = 0; i < encoded[row].size(); ++i) {
      result.ids[row * columns + i] = encoded[row][i];
      result.mask[row * columns + i] = 1;
    }
  }
  return result;
}

}  // namespace blip::train
