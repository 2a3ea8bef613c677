// What the two classes with a text decoder have in common.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/generation.hpp"
#include "blip/tensor.hpp"
#include "generate/settings.hpp"
#include "model/text_model.hpp"

namespace blip {

/// transformers generates with the text decoder's own generation configuration, which is always
/// empty for BLIP: generation_config.json and the old fields of config.json do not count.
GenerationSettings decoder_settings(const GenerationOptions& options, const BlipTextConfig& config);

std::vector<std::vector<TokenId>> ids_of(std::vector<GeneratedSequence> sequences);

/// Throws invalid_argument unless `tensor` is [any, width] with that many elements.
void require_matrix(TensorView tensor, std::int64_t width, std::string_view name);

/// Next-token logits at every position: states [N, E], input_ids [T] → [T, V]
Tensor teacher_forced_logits(const TextModel& model, const LanguageModelHead& head,
                             TensorView states, const std::vector<TokenId>& input_ids,
                             Context& context);

}  // namespace blip
