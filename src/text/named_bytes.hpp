// The bytes of a tokenizer's file, and its JSON.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "text/json_document.hpp"

namespace blip {

/// tokenizer.json of the largest published BERT (LaBSE, half a million tokens) has 10 MB.
inline constexpr std::size_t kMaxTokenizerFileBytes = std::size_t{64} << 20;

struct NamedBytes {
  std::string name;  ///< the file's path, for messages
  std::string bytes;
};

/// Nothing if there is no such file. Throws unreadable or limit_exceeded.
[[nodiscard]] std::optional<NamedBytes> read_if_present(const std::filesystem::path& path);

/// Throws malformed. `key_order` is filled only if it is asked for.
[[nodiscard]] std::optional<JsonDocument> parse_document(const std::optional<NamedBytes>& file,
                                                         bool with_key_order = false);

}  // namespace blip
