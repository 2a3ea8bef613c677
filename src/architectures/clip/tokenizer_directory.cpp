#include "architectures/clip/tokenizer_directory.hpp"

#include <algorithm>
#include <array>

#include "blip/clip.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr int kTokensOfOpenAi = 49'408;

// Of a model whose configuration cannot be read, which is for its own reader to say, false.
bool has_vocabulary_of_openai(const std::filesystem::path& model) {
  try {
    return CLIPConfig::from_pretrained(model).text_config.vocab_size == kTokensOfOpenAi;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<std::filesystem::path> find_clip_tokenizer_directory(
    const std::filesystem::path& model) {
  constexpr std::array kVocabularies = {
      "tokenizer.json", "vocab.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"};
  const std::filesystem::path folder = model_folder(model);
  if (std::ranges::any_of(kVocabularies,
                          [&](const char* name) { return file_exists(folder / name); })) {
    return folder;
  }
  if (has_vocabulary_of_openai(model)) return resolve_model("openai-clip");
  return std::nullopt;
}

}  // namespace blip
