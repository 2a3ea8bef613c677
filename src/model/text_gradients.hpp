// The way back through the layers of a text model: from the gradient of the last layer's states to
// that of what cross-attention does with an image.
//
// No library does it, and no weight gets a gradient, so this is short: each part of a layer, the
// last one first, as layer_gradients.hpp and attention_gradients.hpp have it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/tokenizer.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_activations.hpp"
#include "model/text_model.hpp"

namespace blip {

/// The gradients of `count` losses with respect to the states of a text: [count, T, H].
struct StateGradients {
  std::int64_t count = 0;
  std::vector<float> values;
};

/// → [count, heads, T, N], the gradient of the cross-attention probabilities of `layer`. What is
/// below that layer is not needed, so `text` is recorded from `layer` on.
std::vector<float> image_attention_gradient(const TextModel& model, const TextActivations& text,
                                            const CrossAttentionCache& read, std::int64_t layer,
                                            StateGradients gradients, Context& context);

/// → [count, N, E], the gradient of the states that the cross-attention of all layers reads. `text`
/// is recorded from the first layer on.
StateGradients read_states_gradient(const TextModel& model, const TextActivations& text,
                                    const CrossAttentionCache& read, StateGradients gradients,
                                    Context& context);

/// A token that a language model chose, and the place of the token after which it did.
struct ChosenToken {
  std::int64_t after = 0;
  TokenId id = 0;
};

/// The gradients of the log-probability of each token in turn, that is of log_softmax(logits)[id].
/// Adds the log-probabilities to `log_probability`.
StateGradients log_probability_gradients(const LanguageModelHead& head, const TextActivations& text,
                                         std::span<const ChosenToken> tokens,
                                         double& log_probability, Context& context);

}  // namespace blip
