// tokenizer_config.json and the files older transformers wrote beside it.
#pragma once

#include <optional>

#include "text/json_document.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// The parsed files; null where there is none.
struct TokenizerConfigDocuments {
  const JsonDocument* config = nullptr;
  const JsonDocument* special_tokens_map = nullptr;
  const JsonDocument* added_tokens = nullptr;
  const JsonDocument* tokenizer_json = nullptr;
};

/// Whether tokenizer_class is BERT's, or is not said (BLIP's default).
[[nodiscard]] bool names_bert_tokenizer(const std::optional<JsonDocument>& config);

/// Lays the files over `spec`, which holds the vocabulary already. With `is_bert`, the
/// normalisation, the unknown token and the template are BertTokenizer's; without, they stay as
/// tokenizer.json has them. Throws malformed if [CLS] or [SEP] is in neither the vocabulary nor the
/// added tokens.
void apply_tokenizer_config(const TokenizerConfigDocuments& documents, bool is_bert,
                            TokenizerSpec& spec);

/// The same for CLIPTokenizer: `spec` holds the vocabulary and byte_pairs, whose unknown token the
/// files may name. Throws malformed if they say that there is no token for the start or the end.
void apply_clip_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec);

/// The same for SiglipTokenizer, whose vocabulary are the pieces of SentencePiece's file.
void apply_siglip_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec);

/// The same for GemmaTokenizer: `spec` holds the vocabulary, byte_pairs and what tokenizer.json
/// puts around a text.
void apply_gemma_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec);

}  // namespace blip
