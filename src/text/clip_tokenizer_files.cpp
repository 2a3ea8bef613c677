#include "text/clip_tokenizer_files.hpp"

#include <string>

#include "blip/error.hpp"
#include "core/gzip.hpp"
#include "core/in_quotes.hpp"
#include "text/byte_pair_files.hpp"
#include "text/tokenizer_config.hpp"

namespace blip {

namespace {

std::optional<NamedBytes> read_openai_file(const std::filesystem::path& directory) {
  auto packed = read_if_present(directory / "bpe_simple_vocab_16e6.txt.gz");
  if (!packed) return read_if_present(directory / "bpe_simple_vocab_16e6.txt");
  packed->bytes = unpack_gzip(packed->bytes, kMaxTokenizerFileBytes, packed->name);
  return packed;
}

void require_clip(const std::optional<JsonDocument>& config) {
  if (!config) return;
  const JsonFields fields = config->fields();
  const std::string name = fields.string("tokenizer_class").value_or("");
  if (name.empty() || name == "CLIPTokenizer" || name == "CLIPTokenizerFast") return;
  fields.fail("tokenizer_class", in_quotes(name) + " is not supported: CLIPTokenizer is",
              ErrorCode::unsupported);
}

}  // namespace

ClipTokenizerFiles read_clip_tokenizer_files(const std::filesystem::path& directory) {
  ClipTokenizerFiles files;
  files.tokenizer_json = read_if_present(directory / "tokenizer.json");
  if (!files.tokenizer_json) {
    files.vocab_json = read_if_present(directory / "vocab.json");
    files.merges_txt = read_if_present(directory / "merges.txt");
  }
  if (!files.tokenizer_json && !files.vocab_json) {
    files.openai_merges = read_openai_file(directory);
    if (!files.openai_merges) {
      throw Error(ErrorCode::not_found,
                  directory.string() +
                      ": none of tokenizer.json, vocab.json with merges.txt, and "
                      "bpe_simple_vocab_16e6.txt.gz is there");
    }
  }
  files.tokenizer_config = read_if_present(directory / "tokenizer_config.json");
  files.special_tokens_map = read_if_present(directory / "special_tokens_map.json");
  files.added_tokens = read_if_present(directory / "added_tokens.json");
  return files;
}

TokenizerSpec make_clip_tokenizer_spec(const ClipTokenizerFiles& files) {
  const std::optional<JsonDocument> config = parse_document(files.tokenizer_config, true);
  const std::optional<JsonDocument> special_tokens_map = parse_document(files.special_tokens_map);
  const std::optional<JsonDocument> added_tokens = parse_document(files.added_tokens);
  const std::optional<JsonDocument> tokenizer_json = parse_document(files.tokenizer_json);
  require_clip(config);

  TokenizerSpec spec;
  BytePairOptions& byte_pairs = spec.byte_pairs.emplace();
  if (tokenizer_json) {
    byte_pairs.merges = read_byte_pair_model(*tokenizer_json, spec);
  } else if (const auto vocab_json = parse_document(files.vocab_json)) {
    if (!files.merges_txt) {
      throw Error(ErrorCode::not_found, vocab_json->name + ": merges.txt is missing beside it");
    }
    read_vocab_json(*vocab_json, spec);
    byte_pairs.merges =
        read_merges_txt(files.merges_txt->bytes, files.merges_txt->name, spec.vocabulary);
  } else if (files.openai_merges) {
    byte_pairs.merges =
        read_openai_merges(files.openai_merges->bytes, files.openai_merges->name, spec);
    constexpr std::size_t kPositionsOfClip = 77;
    spec.model_max_length = kPositionsOfClip;
  } else {
    throw Error(ErrorCode::not_found, "no vocabulary was given");
  }
  apply_clip_tokenizer_config(
      {.config = config ? &*config : nullptr,
       .special_tokens_map = special_tokens_map ? &*special_tokens_map : nullptr,
       .added_tokens = added_tokens ? &*added_tokens : nullptr,
       .tokenizer_json = tokenizer_json ? &*tokenizer_json : nullptr},
      spec);
  return spec;
}

}  // namespace blip
