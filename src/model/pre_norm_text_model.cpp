#include "model/pre_norm_text_model.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "kernels/layout/convert.hpp"
#include "model/activation_epilogue.hpp"
#include "model/text_attention.hpp"
#include "model/text_encoder.hpp"

namespace blip {
namespace {

// As many as keep every matrix product busy; more only take memory.
constexpr std::int64_t kTextTokensAtOnce = 2048;

}  // namespace

PreNormTextModel::PreNormTextModel(WeightLoader& loader, const TextTransformer& tower)
    : tower_(tower), activation_(epilogue_of(tower.activation)) {
  const std::int64_t hidden = tower.hidden_size;
  const std::int64_t inner = tower.intermediate_size;
  const std::string embeddings = tower.prefix + "embeddings.";
  token_embedding_ =
      loader.matrix(embeddings + "token_embedding.weight", {tower.vocab_size, hidden});
  position_embedding_ = loader.values(embeddings + "position_embedding.weight",
                                      {tower.max_position_embeddings, hidden});
  for (int i = 0; i < tower.num_hidden_layers; ++i) {
    const std::string prefix = tower.prefix + "encoder.layers." + std::to_string(i) + ".";
    const std::array<std::string, 3> qkv = {
        prefix + "self_attn.q_proj", prefix + "self_attn.k_proj", prefix + "self_attn.v_proj"};
    const auto norm = [&](const char* name) {
      return loader.layer_norm(prefix + name, hidden, tower.layer_norm_eps);
    };
    const auto linear_of = [&](const char* name, std::int64_t outputs, std::int64_t inputs) {
      return loader.linear(prefix + name, outputs, inputs, Int8Inputs::quantized);
    };
    layers_.push_back(
        {.layer_norm1 = norm("layer_norm1"),
         .qkv = loader.stacked_linear(qkv, hidden, hidden, true, Int8Inputs::quantized),
         .projection = linear_of("self_attn.out_proj", hidden, hidden),
         .layer_norm2 = norm("layer_norm2"),
         .fc1 = linear_of("mlp.fc1", inner, hidden),
         .fc2 = linear_of("mlp.fc2", hidden, inner)});
  }
  final_layer_norm_ =
      loader.layer_norm(tower.prefix + "final_layer_norm", hidden, tower.layer_norm_eps);
}

void PreNormTextModel::require_readable(const std::vector<TokenId>& text) const {
  if (text.empty()) throw Error(ErrorCode::invalid_argument, "a text has no tokens");
  if (static_cast<std::int64_t>(text.size()) > tower_.max_position_embeddings) {
    throw Error(ErrorCode::limit_exceeded, "the text is longer than the model's " +
                                               std::to_string(tower_.max_position_embeddings) +
                                               " positions");
  }
  for (const TokenId id : text) {
    if (id >= 0 && id < tower_.vocab_size) continue;
    throw Error(ErrorCode::invalid_argument, "token id " + std::to_string(id) +
                                                 " is outside the model's vocabulary of " +
                                                 std::to_string(tower_.vocab_size));
  }
}

void PreNormTextModel::encode(std::span<const std::vector<TokenId>> texts, float* out,
                              Context& context) const {
  for (const std::vector<TokenId>& text : texts) require_readable(text);
  if (texts.empty()) return;
  const std::int64_t hidden = tower_.hidden_size;
  float* row = out;
  for (const std::vector<TokenId>& text : texts) {
    const float* position = position_embedding_;
    for (const TokenId id : text) {
      convert_rows_to_f32(token_embedding_, id, 1, row);
      for (std::int64_t c = 0; c < hidden; ++c) row[c] += position[c];
      row += hidden;
      position += hidden;
    }
  }
  run_layers(lengths_of(texts), count_tokens(texts), out, context);
}

// x: [rows, H] → x
void PreNormTextModel::run_layers(std::span<const std::int64_t> lengths, std::int64_t rows,
                                  float* x, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = tower_.hidden_size;
  const TextHeads heads = {tower_.num_attention_heads, hidden / tower_.num_attention_heads};
  const auto allocate = [&](std::int64_t columns) {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows * columns));
  };
  float* normal = allocate(hidden);
  float* wide = allocate(std::max(3 * hidden, tower_.intermediate_size));
  float* attended = allocate(hidden);
  float* sum = allocate(hidden);  // x and what attention adds to it
  for (const Layer& layer : layers_) {
    layer_norm(x, layer.layer_norm1, rows, hidden, normal, context.threads());
    linear(normal, rows, layer.qkv, wide, context);
    attend_within_texts(heads, lengths, tower_.mask,
                        {wide, wide + hidden, wide + 2 * hidden, 3 * hidden}, attended, context);
    linear(attended, rows, layer.projection, sum, context, Epilogue::bias_residual, x);
    layer_norm(sum, layer.layer_norm2, rows, hidden, normal, context.threads());
    linear(normal, rows, layer.fc1, wide, context, activation_);
    linear(wide, rows, layer.fc2, x, context, Epilogue::bias_residual, sum);
  }
  layer_norm(x, final_layer_norm_, rows, hidden, x, context.threads());
}

void PreNormTextModel::encode_rows(std::span<const std::vector<TokenId>> texts,
                                   std::span<const std::size_t> rows, float* out,
                                   Context& context) const {
  const std::int64_t hidden = tower_.hidden_size;
  for (const std::vector<TokenId>& text : texts) require_readable(text);
  std::size_t first = 0;
  while (first < texts.size()) {
    std::size_t last = first;
    std::int64_t tokens = 0;
    do {
      tokens += static_cast<std::int64_t>(texts[last++].size());
    } while (last < texts.size() &&
             tokens + static_cast<std::int64_t>(texts[last].size()) <= kTextTokensAtOnce);
    const Scratch::Frame frame(context.scratch());
    auto* states = context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
    encode(texts.subspan(first, last - first), states, context);
    for (; first < last; ++first) {
      const auto row = static_cast<std::int64_t>(rows[first]);
      out = std::copy_n(states + row * hidden, hidden, out);
      states += static_cast<std::int64_t>(texts[first].size()) * hidden;
    }
  }
}

}  // namespace blip
