// The tokenizer's files in a model directory, and what they say together.
#pragma once

#include <filesystem>
#include <optional>

#include "text/named_bytes.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// What a directory holds; tokenizer_json or vocab_txt must be there.
struct TokenizerFiles {
  std::optional<NamedBytes> tokenizer_json;
  std::optional<NamedBytes> vocab_txt;
  std::optional<NamedBytes> tokenizer_config;
  std::optional<NamedBytes> special_tokens_map;
  std::optional<NamedBytes> added_tokens;
};

/// Throws not_found, unreadable or limit_exceeded, naming the file.
[[nodiscard]] TokenizerFiles read_tokenizer_files(const std::filesystem::path& directory);

/// Puts the files together as transformers 5.24 does. A checkpoint that calls its tokenizer
/// BertTokenizer, or says nothing, takes only the vocabulary and the added tokens from
/// tokenizer.json; how to normalise comes from tokenizer_config.json, and everything else is
/// BERT's. One with another tokenizer_class and a tokenizer.json gets what that file describes.
/// Throws malformed, unsupported or limit_exceeded, naming the file.
[[nodiscard]] TokenizerSpec make_tokenizer_spec(const TokenizerFiles& files);

}  // namespace blip
