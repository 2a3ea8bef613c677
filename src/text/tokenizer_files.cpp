#include "text/tokenizer_files.hpp"

#include <string>

#include "blip/error.hpp"
#include "text/json_document.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace blip {

TokenizerFiles read_tokenizer_files(const std::filesystem::path& directory) {
  TokenizerFiles files;
  files.tokenizer_json = read_if_present(directory / "tokenizer.json");
  if (!files.tokenizer_json) files.vocab_txt = read_if_present(directory / "vocab.txt");
  if (!files.tokenizer_json && !files.vocab_txt) {
    throw Error(ErrorCode::not_found,
                directory.string() + ": neither tokenizer.json nor vocab.txt is there");
  }
  files.tokenizer_config = read_if_present(directory / "tokenizer_config.json");
  files.special_tokens_map = read_if_present(directory / "special_tokens_map.json");
  files.added_tokens = read_if_present(directory / "added_tokens.json");
  return files;
}

TokenizerSpec make_tokenizer_spec(const TokenizerFiles& files) {
  const std::optional<JsonDocument> tokenizer_json = parse_document(files.tokenizer_json);
  const std::optional<JsonDocument> config = parse_document(files.tokenizer_config, true);
  const std::optional<JsonDocument> special_tokens_map = parse_document(files.special_tokens_map);
  const std::optional<JsonDocument> added_tokens = parse_document(files.added_tokens);

  TokenizerSpec spec;
  const bool is_bert = names_bert_tokenizer(config) || !tokenizer_json;
  if (!tokenizer_json) {
    if (!files.vocab_txt) throw Error(ErrorCode::not_found, "no vocabulary was given");
    read_vocab_txt(files.vocab_txt->bytes, files.vocab_txt->name, spec);
  } else if (is_bert) {
    read_tokenizer_json_vocabulary(*tokenizer_json, spec);
  } else {
    read_tokenizer_json(*tokenizer_json, spec);
  }
  apply_tokenizer_config({.config = config ? &*config : nullptr,
                          .special_tokens_map = special_tokens_map ? &*special_tokens_map : nullptr,
                          .added_tokens = added_tokens ? &*added_tokens : nullptr,
                          .tokenizer_json = tokenizer_json ? &*tokenizer_json : nullptr},
                         is_bert, spec);
  return spec;
}

}  // namespace blip
