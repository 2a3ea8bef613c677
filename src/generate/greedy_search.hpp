// One token at a time, the best one (greedy search) or a random one (sampling).
#pragma once

#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "generate/settings.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// settings.num_beams == 1. Sequences that have finished leave the batch. Arguments and result as
/// generate_sequences.
[[nodiscard]] std::vector<GeneratedSequence> greedy_search(
    const DecodeStep& decode_step, std::span<const std::vector<TokenId>> prompts,
    const GenerationSettings& settings);

}  // namespace blip
