// Any bytes may be offered as the files of CLIP's tokenizer, or of Gemma's: the answer is a
// tokenizer or a blip::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "core/gzip.hpp"
#include "text/clip_tokenizer_files.hpp"
#include "text/gemma_tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace {

// With an unknown token, so that bytes may be missing.
constexpr std::string_view kVocabulary =
    R"({"a": 0, "b": 1, "c": 2, "ab": 3, "b</w>": 4, "ab</w>": 5, "abc": 6, "<|endoftext|>": 7})";
constexpr std::string_view kMerges = "#version: 0.2\na b\na b</w>\nab c\n";

template <typename MakeSpec>
void load_and_use(MakeSpec make_spec) {
  try {
    const blip::TokenizerPipeline tokenizer(make_spec());
    std::vector<blip::TokenId> ids =
        tokenizer.encode("a<|endoftext|> abcab <|STARTOFTEXT|> 12 it's \xC3\xA9\xE7\x8B\x97", {});
    for (const blip::TokenId id : ids) {
      if (id < 0) __builtin_trap();
    }
    ids.insert(ids.end(), {-1, 5, 1 << 30});
    static_cast<void>(tokenizer.decode(ids, {.skip_special_tokens = true}));
  } catch (const blip::Error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
}

}  // namespace

// The first byte says which file the others are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const blip::NamedBytes fuzzed = {"fuzzed", bytes};
  blip::ClipTokenizerFiles files;
  files.vocab_json = {"vocab.json", std::string(kVocabulary)};
  files.merges_txt = {"merges.txt", std::string(kMerges)};
  switch (data[0] % 16) {
    case 0:
      files.vocab_json = fuzzed;
      break;
    case 1:
      files.merges_txt = fuzzed;
      break;
    case 2:
      files.tokenizer_json = fuzzed;
      break;
    case 3:
      files.vocab_json.reset();
      files.openai_merges = fuzzed;
      break;
    case 4:
      try {
        static_cast<void>(blip::unpack_gzip(bytes, 1'000'000, "fuzzed"));
      } catch (const blip::Error&) {
      }
      return 0;
    case 5:
      files.tokenizer_config = fuzzed;
      break;
    case 6:
      files.special_tokens_map = fuzzed;
      break;
    case 7:
      files.added_tokens = fuzzed;
      break;
    default:
      load_and_use([&] { return blip::make_gemma_tokenizer_spec({.tokenizer_json = fuzzed}); });
      return 0;
  }
  load_and_use([&] { return blip::make_clip_tokenizer_spec(files); });
  return 0;
}
