#include "serve/engine/generation_defaults.hpp"

#include <algorithm>

namespace blip::serve {

GenerationOptions with_defaults(GenerationOptions task, const GenerationOptions& defaults) {
  const auto fill = [](auto& option, const auto& value) {
    if (!option) option = value;
  };
  if (!task.max_length && !task.max_new_tokens) {
    task.max_length = defaults.max_length;
    task.max_new_tokens = defaults.max_new_tokens;
  }
  if (!task.min_length && !task.min_new_tokens) {
    task.min_length = defaults.min_length;
    task.min_new_tokens = defaults.min_new_tokens;
  }
  if (!task.num_beams && !task.do_sample) {
    task.num_beams = defaults.num_beams;
    task.do_sample = defaults.do_sample;
  }
  fill(task.length_penalty, defaults.length_penalty);
  fill(task.early_stopping, defaults.early_stopping);
  fill(task.num_return_sequences, defaults.num_return_sequences);
  fill(task.repetition_penalty, defaults.repetition_penalty);
  fill(task.no_repeat_ngram_size, defaults.no_repeat_ngram_size);
  fill(task.bad_words_ids, defaults.bad_words_ids);
  fill(task.temperature, defaults.temperature);
  fill(task.top_k, defaults.top_k);
  fill(task.top_p, defaults.top_p);
  fill(task.seed, defaults.seed);
  fill(task.output_scores, defaults.output_scores);
  return task;
}

std::size_t rows_of(const GenerationOptions& options) {
  const int beams = std::max(options.num_beams.value_or(1), 1);
  const int sequences = std::max(options.num_return_sequences.value_or(1), 1);
  return static_cast<std::size_t>(std::max(beams, sequences));
}

}  // namespace blip::serve
