// vocab.json, merges.txt, tokenizer.json and OpenAI's merges: the vocabularies of byte pairs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/json_document.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// {"token": id, …}. Of a token twice the later counts. Throws malformed or limit_exceeded.
void read_vocab_json(const JsonDocument& document, TokenizerSpec& spec);

/// "left right" on each line but those that begin with "#version", the first merge first. Both and
/// what they make must be in `spec`'s vocabulary. Throws malformed, naming the line.
[[nodiscard]] std::vector<Merge> read_merges_txt(std::string_view bytes, const std::string& name,
                                                 const Vocabulary& vocabulary);

/// model.vocab and model.merges of a tokenizer.json, whose model must be BPE; merges as text
/// ("left right") or as pairs. Throws malformed, unsupported or limit_exceeded.
[[nodiscard]] std::vector<Merge> read_byte_pair_model(const JsonDocument& document,
                                                      TokenizerSpec& spec);

/// bpe_simple_vocab_16e6.txt: a line that counts for nothing, then merges as above, of which CLIP
/// takes the first 48,894. The vocabulary follows: the bytes, the bytes at the end of a word, what
/// the merges make, <|startoftext|> and <|endoftext|>. Throws malformed or limit_exceeded.
[[nodiscard]] std::vector<Merge> read_openai_merges(std::string_view bytes, const std::string& name,
                                                    TokenizerSpec& spec);

}  // namespace blip
