#include "model/text_gradients.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/float/gelu.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/linear.hpp"
#include "model/attention_gradients.hpp"
#include "model/layer_gradients.hpp"

namespace blip {
namespace {

std::vector<float> floats(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), 0.0F);
}

// Goes through the parts of the layers, the last one first. `d` is the gradient of what the last
// part returned: [L * T, H].
class WayBack {
 public:
  WayBack(const TextModel& model, const TextActivations& text, const CrossAttentionCache& read,
          StateGradients gradients, Context& context)
      : model_(model),
        text_(text),
        read_(read),
        context_(context),
        losses_(gradients.count),
        rows_(gradients.count * text.tokens),
        hidden_(model.config.hidden_size),
        heads_{model.config.num_attention_heads, hidden_ / model.config.num_attention_heads},
        d_(std::move(gradients.values)) {}

  // x = norm(sum), sum = output(gelu(intermediate(y))) + y, y = norm(cross_sum)
  void pass_feed_forward(std::int64_t number) {
    const TextLayer& layer = layer_of(number);
    const TextLayerActivations& kept = text_.of_layer(number);
    norm_back(kept.output_sum, layer.layer_norm);
    const std::int64_t inner = layer.intermediate.weight.rows;
    std::vector<float> y = floats(text_.tokens * hidden_);
    layer_norm(kept.cross_sum.data(), layer.crossattention.layer_norm, text_.tokens, hidden_,
               y.data());
    std::vector<float> before_gelu = floats(text_.tokens * inner);
    linear(y.data(), text_.tokens, layer.intermediate, before_gelu.data(), context_);

    std::vector<float> d_inner = floats(rows_ * inner);
    add_linear_gradient(d_.data(), rows_, layer.output, d_inner.data(), context_);
    gelu_gradient(before_gelu.data(), text_.tokens, inner, losses_, d_inner.data(), context_);
    add_linear_gradient(d_inner.data(), rows_, layer.intermediate, d_.data(), context_);
  }

  // y = norm(cross_sum), cross_sum = output(context) + z. → d_context: [L * T, H]; d: of the
  // residual z
  std::vector<float> enter_cross_attention(std::int64_t number) {
    const AttentionBlock& block = layer_of(number).crossattention;
    norm_back(text_.of_layer(number).cross_sum, block.layer_norm);
    std::vector<float> d_context = floats(rows_ * hidden_);
    add_linear_gradient(d_.data(), rows_, block.output, d_context.data(), context_);
    return d_context;
  }

  // → [L, heads, T, N]
  std::vector<float> probabilities_gradient(std::int64_t number) {
    const std::vector<float> d_context = enter_cross_attention(number);
    std::vector<float> out = floats(rows_ * heads_.count * read_.tokens());
    cross_probabilities_gradient(read_, number, text_.tokens, heads_, losses_, d_context.data(),
                                 out.data(), context_);
    return out;
  }

  // d_read: [L * N, E] += the gradient of what is read, unless it is empty
  void pass_cross_attention(std::int64_t number, std::vector<float>& d_read) {
    const AttentionBlock& block = layer_of(number).crossattention;
    const std::vector<float> d_context = enter_cross_attention(number);
    std::vector<float> d_query = floats(rows_ * hidden_);
    const std::int64_t read_rows = d_read.empty() ? 0 : losses_ * read_.tokens();
    std::vector<float> d_key = floats(read_rows * hidden_);
    std::vector<float> d_value = floats(read_rows * hidden_);
    cross_attention_gradient(text_.of_layer(number), read_, number, text_.tokens, heads_, losses_,
                             d_context.data(), d_query.data(),
                             d_read.empty() ? nullptr : d_key.data(), d_value.data(), context_);
    add_linear_gradient(d_query.data(), rows_, block.query, d_.data(), context_);
    if (d_read.empty()) return;
    add_linear_gradient(d_key.data(), read_rows, block.key, d_read.data(), context_);
    add_linear_gradient(d_value.data(), read_rows, block.value, d_read.data(), context_);
  }

  // z = norm(attention_sum), attention_sum = output(context) + x
  void pass_self_attention(std::int64_t number) {
    const AttentionBlock& block = layer_of(number).attention;
    norm_back(text_.of_layer(number).attention_sum, block.layer_norm);
    std::vector<float> d_context = floats(rows_ * hidden_);
    add_linear_gradient(d_.data(), rows_, block.output, d_context.data(), context_);
    std::vector<float> d_query = floats(rows_ * hidden_);
    std::vector<float> d_key = floats(rows_ * hidden_);
    std::vector<float> d_value = floats(rows_ * hidden_);
    self_attention_gradient(text_.of_layer(number), text_.tokens, heads_, losses_, d_context.data(),
                            d_query.data(), d_key.data(), d_value.data(), context_);
    add_linear_gradient(d_query.data(), rows_, block.query, d_.data(), context_);
    add_linear_gradient(d_key.data(), rows_, block.key, d_.data(), context_);
    add_linear_gradient(d_value.data(), rows_, block.value, d_.data(), context_);
  }

 private:
  [[nodiscard]] const TextLayer& layer_of(std::int64_t number) const {
    return model_.layers.at(static_cast<std::size_t>(number));
  }

  void norm_back(const std::vector<float>& sum, const LayerNorm& norm) {
    layer_norm_gradient(sum.data(), norm, text_.tokens, hidden_, losses_, d_.data(), context_);
  }

  const TextModel& model_;
  const TextActivations& text_;
  const CrossAttentionCache& read_;
  Context& context_;
  std::int64_t losses_;  // L
  std::int64_t rows_;    // L * T
  std::int64_t hidden_;
  AttentionHeads heads_;
  std::vector<float> d_;
};

std::int64_t last_layer(const TextModel& model) {
  return static_cast<std::int64_t>(model.layers.size()) - 1;
}

}  // namespace

std::vector<float> image_attention_gradient(const TextModel& model, const TextActivations& text,
                                            const CrossAttentionCache& read, std::int64_t layer,
                                            StateGradients gradients, Context& context) {
  WayBack back(model, text, read, std::move(gradients), context);
  std::vector<float> nothing;
  for (std::int64_t above = last_layer(model); above > layer; --above) {
    back.pass_feed_forward(above);
    back.pass_cross_attention(above, nothing);
    back.pass_self_attention(above);
  }
  back.pass_feed_forward(layer);
  return back.probabilities_gradient(layer);
}

StateGradients read_states_gradient(const TextModel& model, const TextActivations& text,
                                    const CrossAttentionCache& read, StateGradients gradients,
                                    Context& context) {
  const std::int64_t count = gradients.count;
  const std::int64_t channels = model.layers.front().crossattention.key.weight.columns;
  std::vector<float> d_read = floats(count * read.tokens() * channels);
  WayBack back(model, text, read, std::move(gradients), context);
  for (std::int64_t layer = last_layer(model); layer >= 0; --layer) {
    back.pass_feed_forward(layer);
    back.pass_cross_attention(layer, d_read);
    if (layer > 0) back.pass_self_attention(layer);
  }
  return {count, std::move(d_read)};
}

// logits = decoder(norm(gelu(transform(x)))), and the gradient of log_softmax(logits)[id] is
// one_hot(id) - softmax(logits).
StateGradients log_probability_gradients(const LanguageModelHead& head, const TextActivations& text,
                                         std::span<const ChosenToken> tokens,
                                         double& log_probability, Context& context) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  const std::int64_t hidden = head.transform.weight.rows;
  const std::int64_t vocabulary = head.decoder.weight.rows;
  std::vector<float> x = floats(count * hidden);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t after = tokens[static_cast<std::size_t>(i)].after;
    std::copy_n(text.states.data() + after * hidden, hidden, x.data() + i * hidden);
  }
  std::vector<float> before_gelu = floats(count * hidden);
  linear(x.data(), count, head.transform, before_gelu.data(), context);
  std::vector<float> before_norm = before_gelu;
  add_bias_gelu(before_norm.data(), nullptr, before_norm.size());
  std::vector<float> y = floats(count * hidden);
  layer_norm(before_norm.data(), head.layer_norm, count, hidden, y.data());
  std::vector<float> d_logits = floats(count * vocabulary);
  linear(y.data(), count, head.decoder, d_logits.data(), context);

  for (std::int64_t i = 0; i < count; ++i) {
    const std::span row = std::span(d_logits).subspan(static_cast<std::size_t>(i * vocabulary),
                                                      static_cast<std::size_t>(vocabulary));
    const auto id = static_cast<std::size_t>(tokens[static_cast<std::size_t>(i)].id);
    const float largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float logit : row) sum += std::exp(static_cast<double>(logit - largest));
    log_probability += static_cast<double>(row[id] - largest) - std::log(sum);
    for (float& logit : row) {
      logit = static_cast<float>(-std::exp(static_cast<double>(logit - largest)) / sum);
    }
    row[id] += 1;
  }

  // Every loss has a row of its own here, so each row is a "token" of one loss.
  std::vector<float> d_y = floats(count * hidden);
  add_linear_gradient(d_logits.data(), count, head.decoder, d_y.data(), context);
  layer_norm_gradient(before_norm.data(), head.layer_norm, count, hidden, 1, d_y.data(), context);
  gelu_gradient(before_gelu.data(), count, hidden, 1, d_y.data(), context);
  std::vector<float> d_x = floats(count * hidden);
  add_linear_gradient(d_y.data(), count, head.transform, d_x.data(), context);

  StateGradients gradients{count, floats(count * text.tokens * hidden)};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t after = tokens[static_cast<std::size_t>(i)].after;
    std::copy_n(d_x.data() + i * hidden, hidden,
                gradients.values.data() + (i * text.tokens + after) * hidden);
  }
  return gradients;
}

}  // namespace blip
