// The layers of the text transformer, whatever its rows may look at.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "blip/context.hpp"
#include "blip/tokenizer.hpp"
#include "kernels/linear.hpp"
#include "model/text_model.hpp"

namespace blip {

/// A token of some text and where in it it stands.
struct TextToken {
  TokenId id = 0;
  std::int64_t position = 0;
};

/// Throws invalid_argument for a token outside the vocabulary and limit_exceeded past the last
/// position embedding.
void require_embeddable(const TextModel& model, const TextToken& token);

/// query, key, value: [rows, H] → out: [rows, H]. Each row's self-attention, which the decoder and
/// the encoder do differently.
using SelfAttentionStep = std::function<void(std::int64_t layer, const float* query,
                                             const float* key, const float* value, float* out)>;
/// x: [rows, H] → x. The cross-attention block of a layer, residual and layer norm included. An
/// empty function stands for a text without an image: the block is left out.
using CrossAttentionStep = std::function<void(std::int64_t layer, float* x)>;

/// Which of a layer's norms reads a sum: that of self-attention or that of the feed-forward block.
enum class TextLayerNorm { attention, output };
/// sum: [rows, H], a block's output and its residual, just before the layer norm reads it.
using SumObserver = std::function<void(std::int64_t layer, TextLayerNorm reader, const float* sum)>;

/// tokens → x: [tokens, H], the last layer's states. The tokens are embeddable.
void run_text_layers(const TextModel& model, std::span<const TextToken> tokens,
                     const SelfAttentionStep& attend_to_text,
                     const CrossAttentionStep& attend_to_image, float* x, Context& context,
                     RowProduct kernel = RowProduct::by_count, const SumObserver& observe = {});

}  // namespace blip
