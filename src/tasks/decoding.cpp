#include "tasks/decoding.hpp"

#include <span>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "model/text_decoder.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

GenerationSettings decoder_settings(const GenerationOptions& options,
                                    const BlipTextConfig& config) {
  return resolve_settings({}, options,
                          {.stop_token_id = config.sep_token_id,
                           .vocab_size = config.vocab_size,
                           .max_position_embeddings = config.max_position_embeddings});
}

std::vector<std::vector<TokenId>> ids_of(std::vector<GeneratedSequence> sequences) {
  std::vector<std::vector<TokenId>> rows;
  rows.reserve(sequences.size());
  for (GeneratedSequence& sequence : sequences) rows.push_back(std::move(sequence.ids));
  return rows;
}

void require_matrix(TensorView tensor, std::int64_t width, std::string_view name) {
  const auto& shape = tensor.shape;
  if (shape.size() == 2 && shape[0] > 0 && shape[1] == width &&
      static_cast<std::int64_t>(tensor.data.size()) % width == 0 &&
      static_cast<std::int64_t>(tensor.data.size()) / width == shape[0]) {
    return;
  }
  throw Error(ErrorCode::invalid_argument, std::string(name) + " must be [tokens, " +
                                               std::to_string(width) + "] with that many elements");
}

Tensor teacher_forced_logits(const TextModel& model, const LanguageModelHead& head,
                             TensorView states, const std::vector<TokenId>& input_ids,
                             Context& context) {
  if (input_ids.empty()) throw Error(ErrorCode::invalid_argument, "input_ids is empty");
  const auto caches = model.attend_to(states.data.data(), states.shape.first(1), context);
  TextDecoder decoder(model, head, pointers_to(caches), context);
  const DecodeRow row{.image = 0, .parent = -1, .tokens = input_ids};
  const std::span<const float> values = decoder.step_all_logits(std::span(&row, 1));
  return {{static_cast<std::int64_t>(input_ids.size()), model.config.vocab_size},
          {values.begin(), values.end()}};
}

}  // namespace blip
