#include "generate/beam_search.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "generate/beam_candidates.hpp"
#include "generate/beam_state.hpp"
#include "generate/checked_decode_step.hpp"
#include "generate/log_softmax.hpp"
#include "generate/logits_processors.hpp"

namespace blip {
namespace {

struct ImageSearch {
  int image = 0;
  int first_row = 0;  // in the latest step
  int num_rows = 1;   // 1 in the first step, in which all beams are alike; then num_beams
  BeamState beams;
};

class CandidateSearch {
 public:
  explicit CandidateSearch(const GenerationSettings& settings)
      : settings_(settings),
        best_(BeamState::candidates_per_step(settings)),
        sampled_(BeamState::candidates_per_step(settings)),
        log_probs_(static_cast<std::size_t>(settings.vocab_size)) {}

  // logits: [search.num_rows, vocab_size]; the result is valid until the next call
  std::span<const BeamCandidate> find(const ImageSearch& search, std::span<const float> logits) {
    best_.clear();
    sampled_.clear();
    for (int beam = 0; beam < search.beams.num_beams(); ++beam) {
      if (beam < search.num_rows) {
        const auto row = static_cast<std::size_t>(beam) * log_probs_.size();
        log_softmax(logits.subspan(row, log_probs_.size()), log_probs_);
        process_logits(log_probs_, search.beams.ids(beam), settings_, search.beams.limits(),
                       order_);
      }
      if (settings_.do_sample) {
        sampled_.offer(log_probs_, search.beams.score(beam), beam);
      } else {
        best_.offer(log_probs_, search.beams.score(beam), beam);
      }
    }
    return settings_.do_sample ? sampled_.drawn(random_stream(search)) : best_.sorted();
  }

 private:
  [[nodiscard]] RandomStream random_stream(const ImageSearch& search) const {
    return {settings_.seed, settings_.image_offset + static_cast<std::uint64_t>(search.image), 0,
            static_cast<std::uint32_t>(search.beams.generated_tokens())};
  }

  const GenerationSettings& settings_;
  BestCandidates best_;
  SampledCandidates sampled_;
  std::vector<float> log_probs_;  // [vocab_size], processed
  std::vector<TokenId> order_;
};

// Appends the rows that continue the beams of one image.
void add_rows(ImageSearch& search, std::vector<DecodeRow>& rows) {
  const int last_first_row = std::exchange(search.first_row, static_cast<int>(rows.size()));
  const bool was_one_row = std::exchange(search.num_rows, search.beams.num_beams()) == 1;
  for (int beam = 0; beam < search.beams.num_beams(); ++beam) {
    const int source = was_one_row ? 0 : search.beams.source(beam);
    rows.push_back({search.image, last_first_row + source, search.beams.ids(beam).last(1)});
  }
}

}  // namespace

std::vector<GeneratedSequence> beam_search(const DecodeStep& decode_step,
                                           std::span<const std::vector<TokenId>> prompts,
                                           const GenerationSettings& settings) {
  const auto vocab_size = static_cast<std::size_t>(settings.vocab_size);
  std::vector<ImageSearch> searches;
  std::vector<DecodeRow> rows;
  for (std::size_t image = 0; image < prompts.size(); ++image) {
    const auto index = static_cast<int>(image);
    searches.push_back({index, index, 1, BeamState(settings, prompts[image])});
    rows.push_back({index, -1, prompts[image]});
  }

  std::vector<std::vector<GeneratedSequence>> results(prompts.size());
  CandidateSearch candidates(settings);
  while (!searches.empty()) {
    const auto logits = checked_decode_step(decode_step, rows, vocab_size);
    for (ImageSearch& search : searches) {
      search.beams.advance(candidates.find(
          search, logits.subspan(static_cast<std::size_t>(search.first_row) * vocab_size,
                                 static_cast<std::size_t>(search.num_rows) * vocab_size)));
      if (search.beams.is_finished()) {
        results[static_cast<std::size_t>(search.image)] = search.beams.take_results();
      }
    }
    std::erase_if(searches, [](const ImageSearch& search) { return search.beams.is_finished(); });
    rows.clear();
    for (ImageSearch& search : searches) add_rows(search, rows);
  }

  std::vector<GeneratedSequence> outputs;
  for (auto& result : results) {
    outputs.insert(outputs.end(), std::make_move_iterator(result.begin()),
                   std::make_move_iterator(result.end()));
  }
  return outputs;
}

}  // namespace blip
