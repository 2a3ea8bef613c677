#include "architectures/blip/tokenizer_directory.hpp"

#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/open_file.hpp"

namespace blip {

std::filesystem::path tokenizer_directory(const std::filesystem::path& model) {
  const bool has_own = file_exists(model / "tokenizer.json") || file_exists(model / "vocab.txt");
  if (has_own || !lacks_config(model)) return model;
  return resolve_model("bert-base-uncased");
}

}  // namespace blip
