#include "generate/greedy_search.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "blip/error.hpp"
#include "generate/checked_decode_step.hpp"
#include "generate/log_softmax.hpp"
#include "generate/logits_processors.hpp"
#include "generate/random_stream.hpp"
#include "generate/token_sampler.hpp"

namespace blip {
namespace {

struct Sequence {
  int image = 0;
  std::uint32_t index = 0;  // among the image's return sequences
  SequenceLimits limits;
  int row = 0;  // in the latest step
  GeneratedSequence output;
};

// The first maximum, as torch.argmax. Every score banned: 0, as torch too.
TokenId first_maximum(std::span<const float> scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  if (std::isnan(*best)) {
    throw Error(ErrorCode::malformed, "the model's logits contain NaN: its weights are damaged");
  }
  return static_cast<TokenId>(best - scores.begin());
}

class TokenChooser {
 public:
  explicit TokenChooser(const GenerationSettings& settings)
      : settings_(settings), scores_(static_cast<std::size_t>(settings.vocab_size)) {}

  // logits: [vocab_size] after the sequence's last token
  TokenId choose(std::span<const float> logits, Sequence& sequence) {
    std::span<const float> scores = logits;
    if (processes_logits(settings_, sequence.limits)) {
      std::copy(logits.begin(), logits.end(), scores_.begin());
      process_logits(scores_, sequence.output.ids, settings_, sequence.limits, order_);
      scores = scores_;
    }
    if (settings_.do_sample) {
      const SampledToken drawn = sampler_.draw(scores, random_number(sequence));
      if (settings_.output_scores) sequence.output.score += drawn.log_probability;
      return drawn.token;
    }
    const TokenId token = first_maximum(scores);
    if (settings_.output_scores) sequence.output.score += log_probability(scores, token);
    return token;
  }

 private:
  [[nodiscard]] double random_number(const Sequence& sequence) const {
    const auto step =
        sequence.output.ids.size() - static_cast<std::size_t>(sequence.limits.prompt_length);
    return RandomStream{settings_.seed,
                        settings_.image_offset + static_cast<std::uint64_t>(sequence.image),
                        sequence.index, static_cast<std::uint32_t>(step)}
        .uniform();
  }

  // Banned scores are -inf, which log_normalizer takes for damage: leave them out by hand.
  static float log_probability(std::span<const float> scores, TokenId token) {
    const float maximum = scores[static_cast<std::size_t>(token)];
    double sum = 0.0;
    for (const float score : scores) sum += std::exp(score - maximum);
    return static_cast<float>(-std::log(sum));
  }

  const GenerationSettings& settings_;
  std::vector<float> scores_;
  std::vector<TokenId> order_;
  TokenSampler sampler_;
};

std::vector<Sequence> start_sequences(std::span<const std::vector<TokenId>> prompts,
                                      const GenerationSettings& settings) {
  std::vector<Sequence> sequences;
  for (std::size_t image = 0; image < prompts.size(); ++image) {
    const auto limits = limits_for(settings, static_cast<int>(prompts[image].size()));
    for (int index = 0; index < settings.num_return_sequences; ++index) {
      Sequence sequence;
      sequence.image = static_cast<int>(image);
      sequence.index = static_cast<std::uint32_t>(index);
      sequence.limits = limits;
      sequence.row = static_cast<int>(image);
      sequence.output.ids = prompts[image];
      sequences.push_back(std::move(sequence));
    }
  }
  return sequences;
}

bool is_finished(const Sequence& sequence, const GenerationSettings& settings) {
  return sequence.output.ids.back() == settings.stop_token_id ||
         std::cmp_greater_equal(sequence.output.ids.size(), sequence.limits.max_length);
}

}  // namespace

std::vector<GeneratedSequence> greedy_search(const DecodeStep& decode_step,
                                             std::span<const std::vector<TokenId>> prompts,
                                             const GenerationSettings& settings) {
  const auto vocab_size = static_cast<std::size_t>(settings.vocab_size);
  auto sequences = start_sequences(prompts, settings);
  std::vector<std::size_t> active(sequences.size());
  for (std::size_t i = 0; i < active.size(); ++i) active[i] = i;

  TokenChooser chooser(settings);
  // An image's return sequences share its first row: they begin alike.
  std::vector<DecodeRow> rows;
  for (std::size_t image = 0; image < prompts.size(); ++image) {
    rows.push_back({static_cast<int>(image), -1, prompts[image]});
  }
  while (!active.empty()) {
    const auto logits = checked_decode_step(decode_step, rows, vocab_size);
    for (const std::size_t i : active) {
      Sequence& sequence = sequences[i];
      const auto row =
          logits.subspan(static_cast<std::size_t>(sequence.row) * vocab_size, vocab_size);
      sequence.output.ids.push_back(chooser.choose(row, sequence));
    }
    std::erase_if(active, [&](std::size_t i) { return is_finished(sequences[i], settings); });

    rows.clear();
    for (const std::size_t i : active) {
      Sequence& sequence = sequences[i];
      rows.push_back({sequence.image, std::exchange(sequence.row, static_cast<int>(rows.size())),
                      std::span<const TokenId>(sequence.output.ids).last(1)});
    }
  }

  std::vector<GeneratedSequence> outputs;
  outputs.reserve(sequences.size());
  for (Sequence& sequence : sequences) outputs.push_back(std::move(sequence.output));
  return outputs;
}

}  // namespace blip
