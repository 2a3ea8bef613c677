// tokenizer.json (Hugging Face `tokenizers`) and vocab.txt (original BERT).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/json_document.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// One token per line, its id the line's number from 0; trailing white space is no part of it. Of
/// the same token twice, the later line counts. Throws malformed or limit_exceeded.
void read_vocab_txt(std::string_view bytes, const std::string& name, TokenizerSpec& spec);

/// The whole tokenizer as the file describes it. Throws unsupported if a part is not one of BERT's:
/// the model WordPiece, the normalizer BertNormalizer (or none), the pre-tokenizer
/// BertPreTokenizer, the decoder WordPiece (or none), the post-processor TemplateProcessing or
/// BertProcessing (or none).
void read_tokenizer_json(const JsonDocument& document, TokenizerSpec& spec);

/// What the file puts around a text: spec.before and spec.after, empty if it has no post_processor.
/// Throws unsupported for another than TemplateProcessing and BertProcessing.
void read_post_processor(const JsonDocument& document, TokenizerSpec& spec);

/// Only model.vocab of the same file.
void read_tokenizer_json_vocabulary(const JsonDocument& document, TokenizerSpec& spec);

/// An added token as both this file and tokenizer_config.json write it.
[[nodiscard]] AddedToken parse_added_token(const JsonFields& fields);

struct NumberedToken {
  std::int64_t id = 0;
  AddedToken token;
};
/// The file's added_tokens.
[[nodiscard]] std::vector<NumberedToken> read_added_tokens(const JsonDocument& document);

}  // namespace blip
