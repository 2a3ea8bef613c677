#include "architectures/blip/tokenizer_directory.hpp"

#include <string>

#include "blip/config.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr int kBertTokens = 30'522;
// [DEC] and [ENC] come behind BERT's tokens, and some trainings pad the embeddings up to a multiple
// of 128.
constexpr int kMostBertRows = 30'592;

bool has_model(const std::filesystem::path& model) {
  return file_exists(model_folder(model) / kConfigFile) || lacks_config(model);
}

// Nothing: there is no model beside the tokenizer, or its configuration cannot be read, which is
// for its own readers to say.
std::optional<int> embedding_rows(const std::filesystem::path& model) {
  if (!has_model(model)) return std::nullopt;
  try {
    return BlipConfig::from_pretrained(model).text_config.vocab_size;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_bert_embeddings(const std::filesystem::path& model) {
  const auto rows = embedding_rows(model);
  return rows && *rows >= kBertTokens && *rows <= kMostBertRows;
}

}  // namespace

std::optional<std::filesystem::path> find_tokenizer_directory(const std::filesystem::path& model) {
  std::filesystem::path folder = model_folder(model);
  if (file_exists(folder / "tokenizer.json") || file_exists(folder / "vocab.txt")) return folder;
  if (has_bert_embeddings(model)) return resolve_model("bert-base-uncased");
  return std::nullopt;
}

std::filesystem::path tokenizer_directory(const std::filesystem::path& model) {
  if (auto found = find_tokenizer_directory(model)) return *found;
  std::string message =
      model_folder(model).string() + ": neither tokenizer.json nor vocab.txt is there";
  if (const auto rows = embedding_rows(model)) {
    message += ", and the model's " + std::to_string(*rows) +
               " word embeddings are not those of BERT's vocabulary; take the processor of the "
               "model that it was trained from (--processor MODEL)";
  }
  throw Error(ErrorCode::not_found, message);
}

BertTokenizer open_bert_tokenizer(const std::filesystem::path& model,
                                  const std::filesystem::path& processor) {
  const std::filesystem::path directory =
      tokenizer_directory(processor.empty() ? model : processor);
  BertTokenizer tokenizer = BertTokenizer::from_pretrained(directory);
  const auto rows = embedding_rows(model);
  if (rows && tokenizer.vocab_size() > static_cast<std::size_t>(*rows)) {
    throw Error(ErrorCode::malformed, directory.string() + ": the vocabulary has " +
                                          std::to_string(tokenizer.vocab_size()) +
                                          " tokens, but the model has word embeddings for " +
                                          std::to_string(*rows) + ": " + model.string());
  }
  return tokenizer;
}

}  // namespace blip
