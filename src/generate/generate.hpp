// generate_sequences: from start tokens to sequences, by whichever search the settings ask for.
#pragma once

#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "blip/tokenizer.hpp"
#include "generate/settings.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// prompts: the start tokens of each image, e.g. {[DEC]} or {[DEC], a, picture, of}; lengths may
/// differ. Returns num_return_sequences consecutive sequences per image. A sequence does not depend
/// on what else is in the batch. Throws what resolve_settings, limits_for, the decoder and the
/// callbacks throw, and cancelled when a stop is requested.
[[nodiscard]] std::vector<GeneratedSequence> generate_sequences(
    const DecodeStep& decode_step, std::span<const std::vector<TokenId>> prompts,
    const GenerationSettings& settings, const GenerationCallbacks& callbacks = {});

}  // namespace blip
