#include "model/dalle_encoder.hpp"

#include <array>
#include <string>

#include "architectures/dalle/config.hpp"
#include "core/scratch.hpp"
#include "model/text_attention.hpp"

namespace blip {

DalleEncoder::DalleEncoder(WeightLoader& loader, const DalleConfig& config)
    : width_(config.d_model),
      heads_(config.encoder_attention_heads),
      embeddings_(loader, kDalleEncoder, config.encoder_vocab_size, config.max_text_length,
                  config.d_model) {
  const std::string part = kDalleEncoder;
  for (int i = 0; i < config.encoder_layers; ++i) {
    const std::string layer = part + "layers." + std::to_string(i) + ".";
    layers_.push_back({DalleAttention(loader, layer, "self_attn", width_),
                       GatedLinearUnit(loader, layer, width_, config.encoder_ffn_dim)});
  }
  final_norm_ = loader.unscaled_norm(part + "final_ln", width_, embeddings_.norm.epsilon);
}

void DalleEncoder::encode(std::span<const std::vector<TokenId>> texts, float* out,
                          Context& context) const {
  const Scratch::Frame frame(context.scratch());
  std::vector<std::int64_t> lengths;
  std::int64_t rows = 0;
  for (const std::vector<TokenId>& text : texts) {
    lengths.push_back(std::ssize(text));
    for (std::int64_t i = 0; i < std::ssize(text); ++i, ++rows) {
      embeddings_.embed(text[static_cast<std::size_t>(i)], i, out + rows * width_);
    }
  }
  const auto allocate = [&] {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows * width_));
  };
  float* normal = allocate();
  float* query = allocate();
  float* key = allocate();
  float* value = allocate();
  for (const Layer& layer : layers_) {
    const DalleAttention& block = layer.attention;
    layer_norm(out, block.before, rows, width_, normal, context.threads());
    const std::array<LinearOutput, 3> outputs = {LinearOutput{&block.query, query},
                                                 LinearOutput{&block.key, key},
                                                 LinearOutput{&block.value, value}};
    linear(normal, rows, outputs, context);
    attend_within_texts({heads_, width_ / heads_}, lengths, TextMask::none,
                        {query, key, value, width_}, normal, context);
    add_attended(normal, rows, block, out, context, RowProduct::by_count);
    add_gated_unit(layer.unit, rows, out, context, RowProduct::by_count);
  }
  layer_norm(out, final_norm_, rows, width_, out, context.threads());
}

}  // namespace blip
