// The files of CLIP's tokenizer in a model directory, and what they say together.
#pragma once

#include <filesystem>
#include <optional>

#include "text/named_bytes.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

/// What a directory holds: tokenizer_json, or vocab_json with merges_txt, or openai_merges.
struct ClipTokenizerFiles {
  std::optional<NamedBytes> tokenizer_json;
  std::optional<NamedBytes> vocab_json;
  std::optional<NamedBytes> merges_txt;
  std::optional<NamedBytes> openai_merges;  ///< unpacked
  std::optional<NamedBytes> tokenizer_config;
  std::optional<NamedBytes> special_tokens_map;
  std::optional<NamedBytes> added_tokens;
};

/// Throws not_found, unreadable, malformed or limit_exceeded, naming the file.
[[nodiscard]] ClipTokenizerFiles read_clip_tokenizer_files(const std::filesystem::path& directory);

/// Puts the files together as transformers 5.24's CLIPTokenizer does: of tokenizer.json the
/// vocabulary, the merges and the added tokens; everything else is CLIP's. Throws malformed,
/// unsupported (another tokenizer_class) or limit_exceeded, naming the file.
[[nodiscard]] TokenizerSpec make_clip_tokenizer_spec(const ClipTokenizerFiles& files);

}  // namespace blip
