#include "text/tokenizer_files.hpp"

#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "text/json_document.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace blip {

namespace {

// tokenizer.json of the largest published BERT (LaBSE, half a million tokens) has 10 MB.
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

std::optional<NamedBytes> read_if_present(const std::filesystem::path& path) {
  if (!file_exists(path)) return std::nullopt;
  return NamedBytes{path.string(), read_text_file(path, kMaxFileBytes)};
}

std::vector<std::string> keys_in_order(std::string_view text) {
  std::vector<std::string> keys;
  const auto note_key = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& key) {
    if (depth == 1 && event == nlohmann::json::parse_event_t::key) {
      keys.push_back(key.get<std::string>());
    }
    return true;
  };
  const nlohmann::json unused = nlohmann::json::parse(text.begin(), text.end(), note_key);
  return keys;
}

std::optional<JsonDocument> parse(const std::optional<NamedBytes>& file) {
  if (!file) return std::nullopt;
  JsonDocument document;
  document.root = parse_json_object(file->bytes, file->name);
  document.name = file->name;
  return document;
}

}  // namespace

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
  const std::optional<JsonDocument> tokenizer_json = parse(files.tokenizer_json);
  std::optional<JsonDocument> config = parse(files.tokenizer_config);
  if (config) config->key_order = keys_in_order(files.tokenizer_config->bytes);
  const std::optional<JsonDocument> special_tokens_map = parse(files.special_tokens_map);
  const std::optional<JsonDocument> added_tokens = parse(files.added_tokens);

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
