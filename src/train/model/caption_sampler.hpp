// Captions drawn from a decoder in training, a token at a time.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "train/model/text_transformer.hpp"

namespace blip::train {

struct CaptionSamplerOptions {
  std::int64_t samples = 1;  ///< captions of a picture: S
  /// The likeliest token always, instead of one drawn by its probability.
  bool is_greedy = false;
  std::int64_t max_tokens = 20;  ///< with the prompt; what has not ended by then is cut off
  std::int64_t end_token = 102;  ///< [SEP], which is the last token of a caption
  std::int64_t pad_token = 0;
};

/// image_states: [B, N, C]; prompt: its tokens, [DEC] first → [B · S, T], those of the first
/// picture, then …, T as the longest needs it. Nothing is dropped out; no gradients. Keys and
/// values are kept, and those of a picture are there once for all of its captions. The draws come
/// from `generator`, on the CPU. Throws invalid_argument for a prompt that leaves no room.
TextBatch draw_captions(const TextTransformer& decoder, const LanguageModelHead& head,
                        const torch::Tensor& image_states, const std::vector<std::int64_t>& prompt,
                        const CaptionSamplerOptions& options, torch::Generator generator);

}  // namespace blip::train
