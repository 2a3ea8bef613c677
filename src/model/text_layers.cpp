#include "model/text_layers.hpp"

#include <array>
#include <string>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/convert.hpp"

namespace blip {

void require_embeddable(const TextModel& model, const TextToken& token) {
  if (token.id < 0 || token.id >= model.config.vocab_size) {
    throw Error(ErrorCode::invalid_argument, "token id " + std::to_string(token.id) +
                                                 " is outside the model's vocabulary of " +
                                                 std::to_string(model.config.vocab_size));
  }
  if (token.position >= model.config.max_position_embeddings) {
    throw Error(ErrorCode::limit_exceeded,
                "the text is longer than the model's " +
                    std::to_string(model.config.max_position_embeddings) + " positions");
  }
}

void run_text_layers(const TextModel& model, std::span<const TextToken> tokens,
                     const SelfAttentionStep& attend_to_text,
                     const CrossAttentionStep& attend_to_image, float* x, Context& context,
                     RowProduct kernel, const SumObserver& observe) {
  Scratch& scratch = context.scratch();
  const Scratch::Frame frame(scratch);
  const std::int64_t hidden = model.config.hidden_size;
  const auto rows = static_cast<std::int64_t>(tokens.size());
  const auto allocate = [&](std::int64_t columns) {
    return scratch.allocate<float>(static_cast<std::size_t>(rows * columns));
  };
  float* query = allocate(hidden);
  float* key = allocate(hidden);
  float* value = allocate(hidden);
  float* attended = allocate(hidden);
  float* sum = allocate(hidden);
  const auto normalise = [&](const LayerNorm& norm) { layer_norm(sum, norm, rows, hidden, x); };

  for (std::int64_t i = 0; i < rows; ++i) {
    const TextToken& token = tokens[static_cast<std::size_t>(i)];
    float* row = sum + i * hidden;
    convert_rows_to_f32(model.word_embeddings, token.id, 1, row);
    if (model.token_type_embedding != nullptr) {
      for (std::int64_t c = 0; c < hidden; ++c) row[c] += model.token_type_embedding[c];
    }
    const float* position = model.position_embeddings + token.position * hidden;
    for (std::int64_t c = 0; c < hidden; ++c) row[c] += position[c];
  }
  normalise(model.embedding_layer_norm);

  for (std::size_t index = 0; index < model.layers.size(); ++index) {
    const TextLayer& layer = model.layers[index];
    const auto number = static_cast<std::int64_t>(index);
    const std::array<LinearOutput, 3> projections = {{{&layer.attention.query, query},
                                                      {&layer.attention.key, key},
                                                      {&layer.attention.value, value}}};
    linear(x, rows, projections, context, kernel);
    attend_to_text(number, query, key, value, attended);
    linear(attended, rows, layer.attention.output, sum, context, Epilogue::bias_residual, x,
           kernel);
    if (observe) observe(number, TextLayerNorm::attention, sum);
    normalise(layer.attention.layer_norm);

    if (attend_to_image) attend_to_image(number, x);

    feed_forward(x, rows, layer.intermediate, layer.output, sum, context, kernel);
    if (observe) observe(number, TextLayerNorm::output, sum);
    normalise(layer.layer_norm);
  }
}

}  // namespace blip
