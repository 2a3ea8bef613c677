// The files of Gemma's tokenizer in a model directory, and what they say together.
#pragma once

#include <filesystem>
#include <optional>

#include "text/named_bytes.hpp"
#include "text/tokenizer_spec.hpp"

namespace blip {

struct GemmaTokenizerFiles {
  NamedBytes tokenizer_json;
  std::optional<NamedBytes> tokenizer_config{};
  std::optional<NamedBytes> special_tokens_map{};
  std::optional<NamedBytes> added_tokens{};
};

/// Throws not_found, unreadable or limit_exceeded, naming the file.
[[nodiscard]] GemmaTokenizerFiles read_gemma_tokenizer_files(
    const std::filesystem::path& directory);

/// Puts the files together as transformers 5.24 does. Throws malformed, unsupported or
/// limit_exceeded, naming the file.
[[nodiscard]] TokenizerSpec make_gemma_tokenizer_spec(const GemmaTokenizerFiles& files);

}  // namespace blip
