#include "train/model/dalle_model.hpp"

#include <limits>
#include <string>
#include <utility>

#include "architectures/dalle/config.hpp"

namespace blip::train {
namespace {

// torch.nn.LayerNorm's, which DALL-E mini leaves as it is.
constexpr double kEpsilon = 1e-5;

constexpr double kNothing = -std::numeric_limits<double>::infinity();

// Adds the layers of one tower by DALL-E mini's names.
class TowerBuilder {
 public:
  TowerBuilder(Parameters& parameters, std::string part, std::int64_t width)
      : parameters_(parameters), part_(std::move(part)), width_(width) {}

  [[nodiscard]] torch::Tensor matrix(const std::string& name, std::int64_t rows,
                                     std::int64_t columns) const {
    return parameters_.add(part_ + name, {rows, columns}, Role::trained,
                           {InitialValue::Kind::normal, initial_deviation(width_)});
  }
  [[nodiscard]] Linear linear(const std::string& name, std::int64_t outputs,
                              std::int64_t inputs) const {
    return {matrix(name + ".weight", outputs, inputs), {}};
  }
  [[nodiscard]] LayerNorm norm(const std::string& name) const {
    return add_layer_norm(parameters_, part_ + name, width_, kEpsilon, Role::trained);
  }
  [[nodiscard]] LayerNorm unscaled_norm(const std::string& name, std::int64_t size) const {
    return {{}, parameters_.add(part_ + name + ".bias", {size}, Role::trained, {}), kEpsilon};
  }

  [[nodiscard]] DalleAttentionBlock attention(const std::string& layer,
                                              const std::string& name) const {
    const std::string prefix = layer + name;
    return {.before = unscaled_norm(layer + "pre_" + name + "_layer_norm", width_),
            .query = linear(prefix + ".q_proj", width_, width_),
            .key = linear(prefix + ".k_proj", width_, width_),
            .value = linear(prefix + ".v_proj", width_, width_),
            .output = linear(prefix + ".out_proj", width_, width_),
            .after = norm(prefix + "_layer_norm")};
  }

  [[nodiscard]] DalleGatedUnit gated_unit(const std::string& layer, std::int64_t inner) const {
    return {.ln0 = unscaled_norm(layer + "glu.ln0", width_),
            .fc0 = linear(layer + "glu.fc0", inner, width_),
            .fc1 = linear(layer + "glu.fc1", inner, width_),
            .ln1 = unscaled_norm(layer + "glu.ln1", inner),
            .fc2 = linear(layer + "glu.fc2", width_, inner)};
  }

  [[nodiscard]] DalleTower embeddings(std::int64_t rows, std::int64_t positions, int heads) const {
    DalleTower tower;
    tower.heads = heads;
    tower.token_embedding = matrix("embed_tokens.weight", rows, width_);
    tower.position_embedding = matrix("embed_positions.weight", positions, width_);
    tower.embedding_norm = norm("layernorm_embedding");
    return tower;
  }

 private:
  Parameters& parameters_;
  std::string part_;
  std::int64_t width_;
};

std::string layer_name(int number) {
  return "layers." + std::to_string(number) + ".";
}

void add_encoder(DalleTrainingModel& model) {
  const DalleConfig& config = model.config;
  const TowerBuilder add(model.parameters, kDalleEncoder, config.d_model);
  model.encoder = add.embeddings(config.encoder_vocab_size, config.max_text_length,
                                 config.encoder_attention_heads);
  for (int i = 0; i < config.encoder_layers; ++i) {
    const std::string layer = layer_name(i);
    model.encoder.layers.push_back({.self_attention = add.attention(layer, "self_attn"),
                                    .cross_attention = {},
                                    .unit = add.gated_unit(layer, config.encoder_ffn_dim)});
  }
  model.encoder.final_norm = add.unscaled_norm("final_ln", config.d_model);
}

void add_decoder(DalleTrainingModel& model) {
  const DalleConfig& config = model.config;
  const TowerBuilder add(model.parameters, kDalleDecoder, config.d_model);
  const std::int64_t codes = std::int64_t{1} + config.image_vocab_size;
  model.decoder = add.embeddings(codes, config.image_length, config.decoder_attention_heads);
  for (int i = 0; i < config.decoder_layers; ++i) {
    const std::string layer = layer_name(i);
    model.decoder.layers.push_back({.self_attention = add.attention(layer, "self_attn"),
                                    .cross_attention = add.attention(layer, "encoder_attn"),
                                    .unit = add.gated_unit(layer, config.decoder_ffn_dim)});
  }
  model.decoder.final_norm = add.unscaled_norm("final_ln", config.d_model);
  model.head = add.linear("lm_head", codes, config.d_model);
}

// ids: [B, T] → [B, T, E]
torch::Tensor embedded(const DalleTower& tower, const torch::Tensor& ids) {
  const torch::Tensor positions = tower.position_embedding.slice(0, 0, ids.size(1));
  return layer_norm(tower.embedding_norm, torch::embedding(tower.token_embedding, ids) + positions);
}

// x: [B, T, E], source: [B, S, E] that it looks at, undefined for itself; mask as of `attention` →
// [B, T, E], what is added to x
torch::Tensor attended(const DalleAttentionBlock& block, const torch::Tensor& x,
                       const torch::Tensor& source, const torch::Tensor& mask, std::int64_t heads) {
  const torch::Tensor h = layer_norm(block.before, x);
  const torch::Tensor& seen = source.defined() ? source : h;
  const torch::Tensor mixed = attention(linear(block.query, h), linear(block.key, seen),
                                        linear(block.value, seen), mask, heads, /*dropout=*/0.0);
  return layer_norm(block.after, linear(block.output, mixed));
}

// x: [B, T, E] → [B, T, E], what is added to x
torch::Tensor gated(const DalleGatedUnit& unit, const torch::Tensor& x) {
  const torch::Tensor z = layer_norm(unit.ln0, x);
  const torch::Tensor product = torch::gelu(linear(unit.fc0, z)) * linear(unit.fc1, z);
  return linear(unit.fc2, layer_norm(unit.ln1, product));
}

// mask: [B, T], 1 for a token, 0 for padding → [B, 1, 1, T], 0 or -infinity
torch::Tensor hidden_padding(const torch::Tensor& mask, const torch::TensorOptions& options) {
  return torch::zeros(mask.sizes(), options)
      .masked_fill(mask.eq(0), kNothing)
      .unsqueeze(1)
      .unsqueeze(1);
}

}  // namespace

torch::Tensor DalleTrainingModel::encode(const TextBatch& texts) const {
  torch::Tensor x = embedded(encoder, texts.ids);
  const torch::Tensor mask = hidden_padding(texts.mask, x.options());
  for (const DalleLayer& layer : encoder.layers) {
    x = x + attended(layer.self_attention, x, {}, mask, encoder.heads);
    x = x + gated(layer.unit, x);
  }
  return layer_norm(encoder.final_norm, x);
}

torch::Tensor DalleTrainingModel::logits(const torch::Tensor& states, const torch::Tensor& mask,
                                         const torch::Tensor& codes) const {
  const std::int64_t length = codes.size(1);
  const torch::Tensor start =
      torch::full({codes.size(0), 1}, config.decoder_start_token_id, codes.options());
  const torch::Tensor before = torch::cat({start, codes.slice(1, 0, length - 1)}, 1);
  torch::Tensor x = embedded(decoder, before);
  const torch::Tensor later = torch::full({length, length}, kNothing, x.options()).triu(1);
  const torch::Tensor padding = hidden_padding(mask, x.options());
  for (const DalleLayer& layer : decoder.layers) {
    x = x + attended(layer.self_attention, x, {}, later, decoder.heads);
    x = x + attended(layer.cross_attention, x, states, padding, decoder.heads);
    x = x + gated(layer.unit, x);
  }
  return linear(head, layer_norm(decoder.final_norm, x));
}

DalleTrainingModel make_dalle_model(const DalleConfig& config, const torch::Device& device,
                                    torch::Dtype dtype) {
  DalleTrainingModel model;
  model.config = config;
  model.parameters = Parameters(device, dtype);
  add_encoder(model);
  add_decoder(model);
  return model;
}

}  // namespace blip::train
