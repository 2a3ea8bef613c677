#include "train/model/text_transformer.hpp"

#include "blip/error.hpp"
#include "train/model/token_layout.hpp"

namespace blip::train {
namespace {

// Instead of minus infinity, as the original has them: exp of either is 0 in float32. A row of
// nothing but padding stays finite.
constexpr double kMaskedInSelfAttention = -1e4;
constexpr double kMaskedInCrossAttention = -1e9;
// Of NLVR2's layers those from here on merge by a linear layer, however many there are.
constexpr int kFirstMergingLayer = 6;

// What runs the same in encoder and decoder.
struct TextPass {
  const TextTransformer& model;
  bool training;
  TokenLayout texts;
  TokenLayout pictures;  // what cross-attention reads: a row for each

  [[nodiscard]] double attention_dropout() const { return training ? model.dropout : 0.0; }
  [[nodiscard]] torch::Tensor drop(const torch::Tensor& x) const {
    return training && model.dropout > 0.0 ? drop_out(x, model.dropout) : x;
  }

  // ids: [A, T] → [M, H]
  [[nodiscard]] torch::Tensor embed(const torch::Tensor& ids) const {
    if (ids.size(1) > model.position_embedding.size(0)) {
      throw Error(ErrorCode::limit_exceeded, "a text of " + std::to_string(ids.size(1)) +
                                                 " tokens is longer than the model's " +
                                                 std::to_string(model.position_embedding.size(0)) +
                                                 " positions");
    }
    const torch::Tensor places = torch::arange(ids.size(1), ids.options()).expand_as(ids);
    const torch::Tensor x = torch::embedding(model.word_embedding, texts.list(ids)) +
                            torch::embedding(model.position_embedding, texts.list(places));
    return drop(layer_norm(model.embedding_norm, x));
  }

  // query: [M, H], key, value: [R, N, H], rows of `layout`; mask: additive → [M, H]
  [[nodiscard]] torch::Tensor attend(const AttentionWeights& weights, const TokenLayout& layout,
                                     const torch::Tensor& x, const torch::Tensor& key,
                                     const torch::Tensor& value, const torch::Tensor& mask) const {
    const torch::Tensor query = layout.rows(linear(weights.query, x));
    const torch::Tensor read =
        attention(query, key, value, mask, model.config.num_attention_heads, attention_dropout());
    return linear(weights.output, layout.list(read));
  }

  // x: [M, H], mask: additive, [A, 1, T or 1, T] → [M, H]
  [[nodiscard]] torch::Tensor look_around(const AttentionWeights& weights, const torch::Tensor& x,
                                          const torch::Tensor& mask) const {
    return attend(weights, texts, x, texts.rows(linear(weights.key, x)),
                  texts.rows(linear(weights.value, x)), mask);
  }

  // x: [M, H], states: [B, N, E], mask: additive, [B, 1, 1, N] → [M, H]
  [[nodiscard]] torch::Tensor look_at(const AttentionWeights& weights, const torch::Tensor& x,
                                      const torch::Tensor& states,
                                      const torch::Tensor& mask) const {
    return attend(weights, pictures, x, linear(weights.key, states), linear(weights.value, states),
                  mask);
  }

  // What one layer reads of the states, before dropout. x: [M, H] → [M, H]
  [[nodiscard]] torch::Tensor read(const TextLayer& layer, const torch::Tensor& x,
                                   const CrossStates& states, const torch::Tensor& mask) const {
    const torch::Tensor first = look_at(layer.crossattention[0], x, states.states[0], mask);
    if (layer.crossattention.size() == 1) return first;
    const torch::Tensor second = look_at(layer.crossattention[1], x, states.states[1], mask);
    if (!layer.merge) return (first + second) / 2;
    return linear(*layer.merge, torch::cat({first, second}, -1));
  }

  // ids: [A, T], self_mask: additive, [A, 1, T or 1, T] → [A, T, H], 0 for padding
  [[nodiscard]] torch::Tensor run(const torch::Tensor& ids, const torch::Tensor& self_mask,
                                  const CrossStates* states) const {
    torch::Tensor x = embed(ids);
    torch::Tensor cross_mask;
    if (states != nullptr && states->mask.defined()) {
      cross_mask = ((1 - states->mask.to(self_mask.dtype())) * kMaskedInCrossAttention)
                       .unsqueeze(1)
                       .unsqueeze(1);
    }
    for (const TextLayer& layer : model.layers) {
      x = layer_norm(layer.attention_norm, x + drop(look_around(layer.attention, x, self_mask)));
      if (states != nullptr) {
        x = layer_norm(layer.crossattention_norm, x + drop(read(layer, x, *states, cross_mask)));
      }
      const torch::Tensor inner = torch::gelu(linear(layer.intermediate, x));
      x = layer_norm(layer.output_norm, x + drop(linear(layer.output, inner)));
    }
    return texts.rows(x);
  }

  // [B, 1, 1, T]: 0 for tokens, -10000 for padding
  [[nodiscard]] torch::Tensor padding_mask(const torch::Tensor& mask) const {
    return ((1 - mask.to(model.word_embedding.dtype())) * kMaskedInSelfAttention)
        .unsqueeze(1)
        .unsqueeze(1);
  }

  // [B, 1, T, T]: 0 for tokens that are not later, -10000 for the others and for padding
  [[nodiscard]] torch::Tensor causal_mask(const torch::Tensor& mask) const {
    const std::int64_t length = mask.size(1);
    const torch::Tensor seen = torch::ones({length, length}, mask.options()).tril();
    return ((1 - (seen * mask.unsqueeze(1)).to(model.word_embedding.dtype())) *
            kMaskedInSelfAttention)
        .unsqueeze(1);
  }
};

TextPass pass_of(const TextTransformer& model, const TextBatch& texts, const CrossStates* states,
                 bool training) {
  const torch::Tensor mask = model.skips_padding ? texts.mask : torch::ones_like(texts.mask);
  return {model, training, TokenLayout::by_text(mask),
          TokenLayout::by_picture(mask, states == nullptr ? torch::Tensor() : states->text_counts)};
}

InitialValue normal_for(std::int64_t width) {
  return {InitialValue::Kind::normal, initial_deviation(width)};
}

AttentionWeights add_attention(Parameters& parameters, const std::string& self,
                               const std::string& output, std::int64_t width,
                               std::int64_t states_width, Role role) {
  return {add_linear(parameters, self + "query", width, width, role, normal_for(width)),
          add_linear(parameters, self + "key", width, states_width, role, normal_for(width)),
          add_linear(parameters, self + "value", width, states_width, role, normal_for(width)),
          add_linear(parameters, output, width, width, role, normal_for(width))};
}

void add_crossattention(Parameters& parameters, const std::string& block,
                        const BlipTextConfig& config, std::int64_t states_width, Role role,
                        CrossAttentionKind kind, int number, TextLayer& layer) {
  const std::int64_t width = config.hidden_size;
  if (kind == CrossAttentionKind::single) {
    layer.crossattention = {add_attention(parameters, block + "self.", block + "output.dense",
                                          width, states_width, role)};
  } else {
    for (const char* image : {"0", "1"}) {
      layer.crossattention.push_back(add_attention(parameters, block + "self" + image + ".",
                                                   block + "output.dense" + image, width,
                                                   states_width, role));
    }
    if (number >= kFirstMergingLayer) {
      layer.merge = add_linear(parameters, block + "output.merge_layer", width, 2 * width, role,
                               normal_for(width));
    }
  }
  layer.crossattention_norm =
      add_layer_norm(parameters, block + "output.LayerNorm", width, config.layer_norm_eps, role);
}

std::string layer_prefix(const std::string& prefix, std::size_t number) {
  return prefix + "encoder.layer." + std::to_string(number) + ".";
}

void add_self_attention(Parameters& parameters, const std::string& block,
                        const BlipTextConfig& config, Role role, TextLayer& layer) {
  layer.attention =
      add_attention(parameters, block + "attention.self.", block + "attention.output.dense",
                    config.hidden_size, config.hidden_size, role);
  layer.attention_norm = add_layer_norm(parameters, block + "attention.output.LayerNorm",
                                        config.hidden_size, config.layer_norm_eps, role);
}

}  // namespace

TextBatch with_first_token(const TextBatch& texts, std::int64_t token) {
  torch::Tensor ids = texts.ids.clone();
  ids.select(1, 0).fill_(token);
  return {ids, texts.mask};
}

torch::Tensor TextTransformer::encode(const TextBatch& texts, bool training) const {
  const TextPass pass = pass_of(*this, texts, nullptr, training);
  return pass.run(texts.ids, pass.padding_mask(texts.mask), nullptr);
}

torch::Tensor TextTransformer::encode(const TextBatch& texts, const CrossStates& states,
                                      bool training) const {
  const TextPass pass = pass_of(*this, texts, &states, training);
  return pass.run(texts.ids, pass.padding_mask(texts.mask), &states);
}

torch::Tensor TextTransformer::decode(const TextBatch& texts, const CrossStates& states,
                                      bool training) const {
  const TextPass pass = pass_of(*this, texts, &states, training);
  return pass.run(texts.ids, pass.causal_mask(texts.mask), &states);
}

TextTransformer add_text_transformer(Parameters& parameters, const std::string& prefix,
                                     const BlipTextConfig& config, std::int64_t states_width,
                                     double dropout, Role role, CrossAttentionKind kind) {
  const std::int64_t width = config.hidden_size;
  const double eps = config.layer_norm_eps;
  TextTransformer model;
  model.config = config;
  model.dropout = dropout;
  const std::string embeddings = prefix + "embeddings.";
  model.word_embedding = parameters.add(embeddings + "word_embeddings.weight",
                                        {config.vocab_size, width}, role, normal_for(width));
  model.position_embedding =
      parameters.add(embeddings + "position_embeddings.weight",
                     {config.max_position_embeddings, width}, role, normal_for(width));
  model.embedding_norm = add_layer_norm(parameters, embeddings + "LayerNorm", width, eps, role);
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string block = layer_prefix(prefix, static_cast<std::size_t>(i));
    TextLayer layer;
    add_self_attention(parameters, block, config, role, layer);
    add_crossattention(parameters, block + "crossattention.", config, states_width, role, kind, i,
                       layer);
    layer.intermediate = add_linear(parameters, block + "intermediate.dense",
                                    config.intermediate_size, width, role, normal_for(width));
    layer.output = add_linear(parameters, block + "output.dense", width, config.intermediate_size,
                              role, normal_for(width));
    layer.output_norm = add_layer_norm(parameters, block + "output.LayerNorm", width, eps, role);
    model.layers.push_back(layer);
  }
  return model;
}

TextTransformer add_encoder_sharing_with(Parameters& parameters, const std::string& prefix,
                                         const std::string& decoder_prefix,
                                         const TextTransformer& decoder) {
  TextTransformer encoder = decoder;  // the same tensors
  for (std::size_t i = 0; i < encoder.layers.size(); ++i) {
    add_self_attention(parameters, layer_prefix(prefix, i), encoder.config, Role::trained,
                       encoder.layers[i]);
  }
  // What is shared, by the encoder's names.
  for (const Parameter& parameter : std::vector<Parameter>(parameters.all())) {
    if (!parameter.name.starts_with(decoder_prefix)) continue;
    const std::string rest = parameter.name.substr(decoder_prefix.size());
    if (rest.find(".attention.") == std::string::npos) {
      parameters.add_name(prefix + rest, parameter.tensor);
    }
  }
  return encoder;
}

torch::Tensor LanguageModelHead::logits(const torch::Tensor& states) const {
  const torch::Tensor x = layer_norm(norm, torch::gelu(linear(transform, states)));
  return torch::linear(x, weight, bias);
}

LanguageModelHead add_language_model_head(Parameters& parameters, const std::string& prefix,
                                          const TextTransformer& decoder) {
  const BlipTextConfig& config = decoder.config;
  LanguageModelHead head;
  head.bias = parameters.add(prefix + "bias", {config.vocab_size}, Role::trained, {});
  head.transform = add_linear(parameters, prefix + "transform.dense", config.hidden_size,
                              config.hidden_size, Role::trained, normal_for(config.hidden_size));
  head.norm = add_layer_norm(parameters, prefix + "transform.LayerNorm", config.hidden_size,
                             config.layer_norm_eps, Role::trained);
  head.weight = decoder.word_embedding;
  parameters.add_name(prefix + "decoder.weight", head.weight);
  parameters.add_name(prefix + "decoder.bias", head.bias);
  return head;
}

}  // namespace blip::train
