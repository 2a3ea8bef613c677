#include "generate/beam_search.hpp"

#include <cstddef>
#include <cstdint>

#include "generate/log_softmax.hpp"
#include "generate/logits_processors.hpp"
#include "generate/random_stream.hpp"

namespace blip {

std::span<const BeamCandidate> CandidateSearch::find(const BeamState& beams,
                                                     const GenerationSettings& settings,
                                                     std::span<const float> logits) {
  const std::size_t count = BeamState::candidates_per_step(settings);
  best_.restart(count);
  sampled_.restart(count);
  log_probs_.resize(static_cast<std::size_t>(settings.vocab_size));
  const bool normalizes = settings.output_scores && processes_logits(settings, beams.limits());
  float log_sum = 0.0F;
  for (int beam = 0; beam < beams.num_beams(); ++beam) {
    const std::size_t row = static_cast<std::size_t>(beam) * log_probs_.size();
    if (row < logits.size()) {
      log_softmax(logits.subspan(row, log_probs_.size()), log_probs_);
      process_logits(log_probs_, beams.ids(beam), settings, beams.limits(), order_);
      if (normalizes) {
        const LogNormalizer normalizer = masked_log_normalizer(log_probs_);
        log_sum = normalizer.maximum + normalizer.log_sum;
      }
    }
    if (settings.do_sample) {
      sampled_.offer(log_probs_, beams.score(beam), beam, log_sum);
    } else {
      best_.offer(log_probs_, beams.score(beam), beam, log_sum);
    }
  }
  if (!settings.do_sample) return best_.sorted();
  return sampled_.drawn({settings.seed, settings.image_offset, 0,
                         static_cast<std::uint32_t>(beams.generated_tokens())});
}

void BeamSearch::append_rows(int image, std::vector<DecodeRow>& rows) const {
  if (first_row_ < 0) {
    rows.push_back({image, -1, beams_.ids(0)});
    return;
  }
  for (int beam = 0; beam < beams_.num_beams(); ++beam) {
    const int source = was_one_row_ ? 0 : beams_.source(beam);
    rows.push_back({image, first_row_ + source, beams_.ids(beam).last(1)});
  }
}

void BeamSearch::advance(std::span<const float> logits, int first_row, CandidateSearch& candidates,
                         std::vector<GeneratedToken>& decided) {
  was_one_row_ = first_row_ < 0;
  first_row_ = first_row;
  beams_.advance(candidates.find(beams_, settings_, logits));
  if (!beams_.is_finished()) return;
  results_ = beams_.take_results();
  const auto prompt_length = static_cast<std::size_t>(beams_.limits().prompt_length);
  for (std::size_t sequence = 0; sequence < results_.size(); ++sequence) {
    const auto& ids = results_[sequence].ids;
    for (std::size_t i = prompt_length; i < ids.size(); ++i) {
      decided.push_back({.sequence = sequence, .token = ids[i]});
    }
  }
}

}  // namespace blip
