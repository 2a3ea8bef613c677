// Beam search over a batch of images, deterministic or (do_sample) stochastic.
#pragma once

#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "generate/settings.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// settings.num_beams > 1. The beams of all images go through one decode step together; images that
/// have finished leave the batch. Arguments and result as generate_sequences.
[[nodiscard]] std::vector<GeneratedSequence> beam_search(
    const DecodeStep& decode_step, std::span<const std::vector<TokenId>> prompts,
    const GenerationSettings& settings);

}  // namespace blip
