// Any bytes may be text for CLIP's tokenizer, and any numbers ids to decode.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/unicode.hpp"
#include "text/clip_tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace {

using blip::TokenId;

constexpr std::string_view kMerges =
    "header\na b\nb c\nab c\na bc\na b</w>\nd o\ndo g</w>\n' s</w>\n< |\n<| e\n\xC3\x83 \xC2\xA9\n"
    "\xC3\x83 \xC2\xA9</w>\na a\naa aa\n1 2</w>\n";

// Every kind of added token there is.
constexpr std::string_view kConfig = R"({"added_tokens_decoder": {
  "527": {"content": "<|startoftext|>", "special": true, "lstrip": true, "rstrip": true},
  "540": {"content": "<new>", "special": true},
  "541": {"content": "Hot Dog", "normalized": true},
  "542": {"content": "dog", "normalized": true, "single_word": true},
  "543": {"content": "\u00e9 \u00fc", "normalized": false}}})";
constexpr TokenId kMostIds = 1024;

const blip::TokenizerPipeline& tokenizer(bool with_added_tokens) {
  const auto make = [](bool with_config) {
    blip::ClipTokenizerFiles files;
    files.openai_merges = {"merges", std::string(kMerges)};
    if (with_config) files.tokenizer_config = {"tokenizer_config.json", std::string(kConfig)};
    return blip::make_clip_tokenizer_spec(files);
  };
  static const blip::TokenizerPipeline kPlain(make(false));
  static const blip::TokenizerPipeline kWithAddedTokens(make(true));
  return with_added_tokens ? kWithAddedTokens : kPlain;
}

}  // namespace

// The first byte is a set of options, the second the greatest length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t options = data[0];
  const std::size_t max_length = data[1] < 2 ? 0 : data[1];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const blip::TokenizerPipeline& pipeline = tokenizer((options & 1) != 0);

  const blip::EncodeOptions encoding = {.add_special_tokens = (options & 2) != 0,
                                        .parse_special_tokens = (options & 4) != 0,
                                        .max_length = max_length};
  const std::vector<TokenId> ids = pipeline.encode(text, encoding);
  if (max_length != 0 && ids.size() > max_length) __builtin_trap();
  if (ids != pipeline.encode(text, encoding)) __builtin_trap();  // what it remembers of words
  for (const TokenId id : ids) {
    if (id < 0 || id >= kMostIds) __builtin_trap();
  }
  const blip::DecodeOptions decoding = {.skip_special_tokens = (options & 8) != 0};
  if (!blip::is_valid_utf8(pipeline.decode(ids, decoding))) __builtin_trap();

  std::vector<TokenId> any_ids(text.size() / sizeof(TokenId));
  if (!any_ids.empty()) std::memcpy(any_ids.data(), text.data(), any_ids.size() * sizeof(TokenId));
  for (const char byte : text) any_ids.push_back(static_cast<unsigned char>(byte) * 3);
  if (!blip::is_valid_utf8(pipeline.decode(any_ids, decoding))) __builtin_trap();
  return 0;
}
