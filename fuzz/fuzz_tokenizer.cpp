// Any bytes may be text to encode, and any numbers ids to decode.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/unicode.hpp"
#include "text/tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace {

using blip::TokenId;

constexpr std::string_view kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##a\n##b\n##ab\ndog\n##s\n.\n,\n'\n!\n-\nn't\n"
    "\xC3\xA9\n\xE7\x8B\x97\n##\xE7\x8B\x97\ndo not\n";

// Every kind of added token there is.
constexpr std::string_view kAddedTokens = R"({"added_tokens_decoder": {
  "3": {"content": "[SEP]", "special": true, "lstrip": true, "rstrip": true},
  "40": {"content": "[DEC]", "special": true},
  "41": {"content": "Hot Dog", "normalized": true},
  "42": {"content": "dog", "normalized": true, "single_word": true},
  "43": {"content": "ab", "normalized": false, "single_word": true, "rstrip": true}})";

const blip::TokenizerPipeline& tokenizer(bool uncased) {
  const auto make = [](const char* more) {
    blip::TokenizerFiles files;
    files.vocab_txt = {"vocab.txt", std::string(kVocabulary)};
    files.tokenizer_config = {"tokenizer_config.json", std::string(kAddedTokens) + more};
    return blip::make_tokenizer_spec(files);
  };
  static const blip::TokenizerPipeline kUncased(make("}"));
  static const blip::TokenizerPipeline kCased(
      make(R"(, "do_lower_case": false, "tokenize_chinese_chars": false})"));
  return uncased ? kUncased : kCased;
}

}  // namespace

// The first byte is a set of options.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t options = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const blip::TokenizerPipeline& pipeline = tokenizer((options & 1) != 0);

  const std::vector<TokenId> ids = pipeline.encode(
      text, {.add_special_tokens = (options & 2) != 0, .parse_special_tokens = (options & 4) != 0});
  for (const TokenId id : ids) {
    if (id < 0 || id >= 64) __builtin_trap();
  }
  const blip::DecodeOptions decoding = {.skip_special_tokens = (options & 8) != 0,
                                        .clean_up_tokenization_spaces = (options & 16) != 0};
  if (!blip::is_valid_utf8(pipeline.decode(ids, decoding))) __builtin_trap();

  std::vector<TokenId> any_ids(text.size() / sizeof(TokenId));
  if (!any_ids.empty()) std::memcpy(any_ids.data(), text.data(), any_ids.size() * sizeof(TokenId));
  for (const char byte : text) any_ids.push_back(static_cast<TokenId>(byte));
  if (!blip::is_valid_utf8(pipeline.decode(any_ids, decoding))) __builtin_trap();
  return 0;
}
