#include "generate/generate.hpp"

#include "generate/beam_search.hpp"
#include "generate/greedy_search.hpp"

namespace blip {

std::vector<GeneratedSequence> generate_sequences(const DecodeStep& decode_step,
                                                  std::span<const std::vector<TokenId>> prompts,
                                                  const GenerationSettings& settings) {
  if (prompts.empty()) return {};
  return settings.num_beams > 1 ? beam_search(decode_step, prompts, settings)
                                : greedy_search(decode_step, prompts, settings);
}

}  // namespace blip
