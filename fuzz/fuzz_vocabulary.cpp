// Any bytes may be offered as a tokenizer's files: the answer is a tokenizer or a blip::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "text/tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace {

constexpr std::string_view kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n";

void load_and_use(const blip::TokenizerFiles& files) {
  try {
    const blip::TokenizerPipeline tokenizer(blip::make_tokenizer_spec(files));
    std::vector<blip::TokenId> ids =
        tokenizer.encode("a[SEP] ab [DEC] \xC3\xA9\xE7\x8B\x97", {.add_special_tokens = true});
    for (const blip::TokenId id : ids) {
      if (id < 0) __builtin_trap();
    }
    ids.insert(ids.end(), {-1, 5, 1 << 30});
    static_cast<void>(tokenizer.decode(ids, {.skip_special_tokens = true}));
  } catch (const blip::Error&) {
  }
}

}  // namespace

// The first byte says which file the others are; special files go with a sound vocabulary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const blip::NamedBytes sound = {"vocab.txt", std::string(kVocabulary)};
  const blip::NamedBytes fuzzed = {"fuzzed", bytes};
  blip::TokenizerFiles files;
  switch (data[0] % 6) {
    case 0:
      files.vocab_txt = fuzzed;
      break;
    case 1:
      files.tokenizer_json = fuzzed;
      break;
    case 2:  // the whole of tokenizer.json counts
      files.tokenizer_json = fuzzed;
      files.tokenizer_config = {"config", R"({"tokenizer_class": "PreTrainedTokenizerFast"})"};
      break;
    case 3:
      files.vocab_txt = sound;
      files.tokenizer_config = fuzzed;
      break;
    case 4:
      files.vocab_txt = sound;
      files.special_tokens_map = fuzzed;
      break;
    default:
      files.vocab_txt = sound;
      files.added_tokens = fuzzed;
      break;
  }
  load_and_use(files);
  return 0;
}
