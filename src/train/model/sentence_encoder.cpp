#include "train/model/sentence_encoder.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "train/data/token_rows.hpp"
#include "train/model/load_towers.hpp"

namespace blip::train {
namespace {

constexpr std::size_t kMaxTokens = 128;
constexpr std::size_t kMaxKnown = 100'000;

BlipTextConfig read_bert_config(const std::filesystem::path& model) {
  const std::string name = (model / kConfigFile).string();
  const nlohmann::json document = parse_json_object(read_text_file(name, kMaxConfigBytes), name);
  const JsonFields fields(document, name);
  if (read_model_type(fields) != "bert") {
    fields.fail("model_type", "must be \"bert\"", ErrorCode::unsupported);
  }
  constexpr JsonFields::IntRange kWidth = {1, 65'536};
  const auto required = [&](const char* key, JsonFields::IntRange range) {
    const auto value = fields.integer(key, range);
    if (!value) fields.fail(key, "is missing");
    return *value;
  };
  BlipTextConfig config;
  config.vocab_size = required("vocab_size", {1, 10'000'000});
  config.hidden_size = required("hidden_size", kWidth);
  config.intermediate_size = required("intermediate_size", kWidth);
  config.num_hidden_layers = required("num_hidden_layers", {1, 1'000});
  config.num_attention_heads = required("num_attention_heads", kWidth);
  config.max_position_embeddings = required("max_position_embeddings", {1, 1'000'000});
  config.layer_norm_eps =
      static_cast<float>(fields.number("layer_norm_eps", {0.0, 1.0}).value_or(1e-12));
  if (config.hidden_size % config.num_attention_heads != 0) {
    fields.fail("hidden_size", "is not a multiple of num_attention_heads");
  }
  if (fields.string("hidden_act").value_or("gelu") != "gelu") {
    fields.fail("hidden_act", "must be \"gelu\" to be supported", ErrorCode::unsupported);
  }
  return config;
}

}  // namespace

SentenceEncoder::SentenceEncoder(const std::filesystem::path& model, const torch::Device& device)
    : tokenizer_(BertTokenizer::from_pretrained(model)), parameters_(device) {
  // Its cross-attention reads nothing, and is never asked.
  constexpr std::int64_t kNoStates = 1;
  text_ = add_text_transformer(parameters_, "text_encoder.", read_bert_config(model), kNoStates,
                               /*dropout=*/0.0, Role::trained);
  load_bert(parameters_, model);
}

torch::Tensor SentenceEncoder::encode(const std::string& sentence) const {
  const torch::NoGradGuard no_grad;
  const TokenRows row =
      tokenized(tokenizer_, std::span(&sentence, 1), kMaxTokens, Padding::to_longest);
  const torch::Tensor ids =
      torch::tensor(row.ids, torch::kInt64).unsqueeze(0).to(parameters_.device());
  const torch::Tensor states = text_.encode({ids, torch::ones_like(ids)}, /*training=*/false);
  const torch::Tensor mean = states[0].to(torch::kFloat32).mean(0);
  return mean / mean.norm().clamp_min(1e-12);
}

torch::Tensor SentenceEncoder::operator()(std::span<const std::string> sentences) {
  std::vector<torch::Tensor> rows;
  for (const std::string& sentence : sentences) {
    const auto known = known_.find(sentence);
    rows.push_back(known != known_.end() ? known->second : encode(sentence));
    if (known == known_.end() && known_.size() < kMaxKnown) known_.emplace(sentence, rows.back());
  }
  return torch::stack(rows);
}

}  // namespace blip::train
