#include "model/text_activations.hpp"

#include <algorithm>
#include <cmath>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"
#include "kernels/linear.hpp"
#include "model/cross_attention.hpp"
#include "model/text_layers.hpp"

namespace blip {
namespace {

// Runs the two attentions of every layer and keeps what the layers from first_layer on compute.
class TextRecorder {
 public:
  TextRecorder(const TextModel& model, const CrossAttentionCache& read, TextAttention attention,
               TextActivations& record, Context& context)
      : model_(model),
        read_(read),
        attention_(attention),
        record_(record),
        context_(context),
        heads_(model.config.num_attention_heads),
        hidden_(model.config.hidden_size),
        head_size_(hidden_ / heads_) {
    const auto layers = static_cast<std::int64_t>(model.layers.size());
    record_.layers.resize(static_cast<std::size_t>(layers - record.first_layer));
  }

  // query, key, value: [T, H] → out: [T, H]
  void attend_to_text(std::int64_t layer, const float* query, const float* key, const float* value,
                      float* out) {
    const std::int64_t tokens = record_.tokens;
    TextLayerActivations& kept = of_layer(layer);
    kept.query = copy_of(query);
    kept.key = copy_of(key);
    kept.value = copy_of(value);
    kept.probabilities.resize(static_cast<std::size_t>(heads_ * tokens * tokens));
    const float scale = 1.0F / std::sqrt(static_cast<float>(head_size_));
    context_.threads().parallel_for(static_cast<std::size_t>(heads_), [&](std::size_t task, int) {
      const auto head = static_cast<std::int64_t>(task);
      const std::int64_t start = head * head_size_;
      float* probabilities = kept.probabilities.data() + head * tokens * tokens;
      multiply_transposed({query + start, hidden_}, {key + start, hidden_}, probabilities, tokens,
                          tokens, tokens, head_size_);
      if (attention_ == TextAttention::whole_text) {
        softmax_rows(probabilities, tokens, tokens, tokens, scale);
      } else {
        for (std::int64_t row = 0; row < tokens; ++row) {
          float* scores = probabilities + row * tokens;
          softmax_rows(scores, 1, row + 1, tokens, scale);
          std::fill(scores + row + 1, scores + tokens, 0.0F);
        }
      }
      multiply({probabilities, tokens}, {value + start, hidden_}, out + start, hidden_, tokens,
               head_size_, tokens);
    });
  }

  // x: [T, H] → x: the whole block
  void attend_to_image(std::int64_t layer, float* x) {
    const Scratch::Frame frame(context_.scratch());
    const std::int64_t tokens = record_.tokens;
    const std::int64_t stride = read_.stride();
    const AttentionBlock& block = model_.layers[static_cast<std::size_t>(layer)].crossattention;
    TextLayerActivations& kept = of_layer(layer);
    const auto size = static_cast<std::size_t>(tokens * hidden_);
    kept.cross_query.resize(size);
    kept.cross_sum.resize(size);
    kept.cross_probabilities.resize(static_cast<std::size_t>(heads_ * tokens * stride));
    auto* attended = context_.scratch().allocate<float>(size);
    const auto wide = allocate_for_threads<float>(context_, 2 * stride * head_size_);

    linear(x, tokens, block.query, kept.cross_query.data(), context_);
    context_.threads().parallel_for(
        static_cast<std::size_t>(heads_), [&](std::size_t task, int thread) {
          const auto head = static_cast<std::int64_t>(task);
          const std::int64_t start = head * head_size_;
          attend_by_products(read_.head(layer, head), kept.cross_query.data() + start, tokens,
                             hidden_, kept.cross_probabilities.data() + head * tokens * stride,
                             wide[static_cast<std::size_t>(thread)], attended + start);
        });
    linear(attended, tokens, block.output, kept.cross_sum.data(), context_, Epilogue::bias_residual,
           x);
    layer_norm(kept.cross_sum.data(), block.layer_norm, tokens, hidden_, x);
  }

  void keep_sum(std::int64_t layer, TextLayerNorm reader, const float* sum) {
    TextLayerActivations& kept = of_layer(layer);
    (reader == TextLayerNorm::attention ? kept.attention_sum : kept.output_sum) = copy_of(sum);
  }

 private:
  TextLayerActivations& of_layer(std::int64_t layer) {
    if (layer < record_.first_layer) return passing_;
    return record_.layers[static_cast<std::size_t>(layer - record_.first_layer)];
  }

  [[nodiscard]] std::vector<float> copy_of(const float* rows) const {
    return {rows, rows + record_.tokens * hidden_};
  }

  const TextModel& model_;
  const CrossAttentionCache& read_;
  TextAttention attention_;
  TextActivations& record_;
  Context& context_;
  std::int64_t heads_;
  std::int64_t hidden_;
  std::int64_t head_size_;
  TextLayerActivations passing_;  // of a layer of which nothing is kept
};

}  // namespace

TextActivations record_text(const TextModel& model, std::span<const TokenId> text,
                            const CrossAttentionCache& read, TextAttention attention,
                            std::int64_t first_layer, Context& context) {
  if (text.empty()) throw Error(ErrorCode::invalid_argument, "a text has no tokens");
  std::vector<TextToken> tokens;
  for (const TokenId id : text) {
    tokens.push_back({id, static_cast<std::int64_t>(tokens.size())});
    require_embeddable(model, tokens.back());
  }
  TextActivations record;
  record.tokens = static_cast<std::int64_t>(tokens.size());
  record.first_layer = first_layer;
  record.states.resize(tokens.size() * static_cast<std::size_t>(model.config.hidden_size));

  TextRecorder recorder(model, read, attention, record, context);
  run_text_layers(
      model, tokens,
      [&](std::int64_t layer, const float* query, const float* key, const float* value,
          float* out) { recorder.attend_to_text(layer, query, key, value, out); },
      [&](std::int64_t layer, float* x) { recorder.attend_to_image(layer, x); },
      record.states.data(), context, RowProduct::by_count,
      [&](std::int64_t layer, TextLayerNorm reader, const float* sum) {
        recorder.keep_sum(layer, reader, sum);
      });
  return record;
}

}  // namespace blip
