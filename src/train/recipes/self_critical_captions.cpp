#include "train/recipes/self_critical_captions.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "train/model/autocast.hpp"
#include "train/model/caption_sampler.hpp"
#include "train/objectives/language_modeling.hpp"
#include "train/objectives/self_critical.hpp"
#include "train/recipes/training_options.hpp"

namespace blip::train {
namespace {

// Which captions of a batch are learnt how.
struct Division {
  std::vector<std::uint32_t> images;       // of which people have said something
  std::vector<std::int64_t> image_rows;    // their rows in the batch
  std::vector<std::int64_t> caption_rows;  // learnt by cross-entropy
  std::vector<std::int64_t> counts;        // of those, for every picture
  std::vector<float> are_synthetic;        // of those: 1, or 0
  double synthetic = 0;                    // captions in all
  double human = 0;
};

Division divided(std::span<const Example> examples, const CaptionRewards& rewards,
                 bool keeps_human) {
  Division division;
  std::int64_t row = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Example& example = examples[i];
    std::int64_t count = 0;
    for (std::size_t k = 0; k <= example.more_texts.size(); ++k, ++row) {
      const bool is_synthetic = example.are_synthetic.at(k);
      (is_synthetic ? division.synthetic : division.human) += 1;
      if (!is_synthetic && !keeps_human) continue;
      division.caption_rows.push_back(row);
      division.are_synthetic.push_back(is_synthetic ? 1.0F : 0.0F);
      ++count;
    }
    division.counts.push_back(count);
    const auto captions = static_cast<std::ptrdiff_t>(1 + example.more_texts.size());
    const bool has_human =
        std::count(example.are_synthetic.begin(), example.are_synthetic.end(), true) < captions;
    if (has_human && rewards.knows(example.image)) {
      division.images.push_back(example.image);
      division.image_rows.push_back(static_cast<std::int64_t>(i));
    }
  }
  return division;
}

// The mean of the rows' tokens that are asked for, of those rows alone where `chosen` [A] is 1;
// 0 if there are none.
torch::Tensor mean_of_rows(const torch::Tensor& losses, const torch::Tensor& targets,
                           const torch::Tensor& chosen) {
  const torch::Tensor asked =
      targets.slice(1, 1).ne(kIgnored).to(losses.dtype()) * chosen.unsqueeze(1);  // [A, T - 1]
  return (losses * asked).sum() / asked.sum().clamp_min(1.0);
}

}  // namespace

SelfCriticalCaptions::SelfCriticalCaptions(const TrainingConfig& config, const StartModel& start)
    : config_(config), tokenizer_(start.tokenizer) {}

void SelfCriticalCaptions::prepare(const ExampleReader& reader) {
  const std::map<std::uint32_t, std::vector<std::string>> references = reader.human_captions();
  if (references.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "objective.self_critical needs captions of people, but all of data.train are "
                "synthetic");
  }
  rewards_.emplace(references, tokenizer_);
}

StepLosses SelfCriticalCaptions::losses(const CaptioningModel& model,
                                        std::span<const Example> examples,
                                        const CaptioningBatch& batch) {
  constexpr bool kTraining = true;
  const ObjectiveConfig& objective = config_.objective;
  const double human_weight = objective.self_critical_cross_entropy;
  const Division division = divided(examples, *rewards_, human_weight > 0);
  const torch::Device device = batch.texts.ids.device();
  const auto indices = [&](const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64).to(device);
  };
  const double captions = division.synthetic + division.human;
  const torch::Tensor image_states = model.vision.forward(batch.images, kTraining);

  const torch::Tensor nothing = torch::zeros({}, image_states.options().dtype(torch::kFloat32));
  Drawn drawn{nothing};
  if (!division.images.empty()) {
    drawn =
        draw(model, image_states.index_select(0, indices(division.image_rows)), division.images);
  }
  torch::Tensor language = nothing;
  if (!division.caption_rows.empty()) {
    const torch::Tensor rows = indices(division.caption_rows);
    const TextBatch texts = with_first_token(
        {batch.texts.ids.index_select(0, rows), batch.texts.mask.index_select(0, rows)},
        decoder_token(model.config.text_config));
    const torch::Tensor logits = model.language_model_head.logits(model.decoder.decode(
        texts, CrossStates{{image_states}, {}, indices(division.counts)}, kTraining));
    const torch::Tensor targets = language_model_targets(texts, batch.prompt_tokens);
    const torch::Tensor of_tokens = token_losses(logits, targets, language_model_options(config_));
    const torch::Tensor synthetic = torch::tensor(division.are_synthetic).to(device);
    language =
        division.synthetic / captions * mean_of_rows(of_tokens, targets, synthetic) +
        human_weight * division.human / captions * mean_of_rows(of_tokens, targets, 1 - synthetic);
  }
  return {objective.self_critical_weight * division.human / captions * drawn.loss + language,
          {{"language", language.detach()},
           {"reward", torch::tensor(drawn.reward)},
           {"baseline", torch::tensor(drawn.baseline)}},
          captions};
}

SelfCriticalCaptions::Drawn SelfCriticalCaptions::draw(const CaptioningModel& model,
                                                       const torch::Tensor& image_states,
                                                       std::span<const std::uint32_t> images) {
  constexpr bool kTraining = true;
  const ObjectiveConfig& objective = config_.objective;
  std::vector<std::int64_t> prompt = {decoder_token(model.config.text_config)};
  const auto words = tokenizer_.encode(
      config_.data.prompt, {.add_special_tokens = false, .parse_special_tokens = false});
  prompt.insert(prompt.end(), words.begin(), words.end());
  const auto given = static_cast<std::int64_t>(prompt.size());
  const torch::Tensor states = image_states.detach();
  const torch::Generator generator = at::globalContext().defaultGenerator(torch::kCPU);
  CaptionSamplerOptions options;
  options.samples = objective.self_critical_samples;
  options.max_tokens = config_.evaluation.max_length;
  options.end_token = tokenizer_.sep_token_id();
  options.pad_token = model.config.text_config.pad_token_id;
  const TextBatch drawn =
      draw_captions(model.decoder, model.language_model_head, states, prompt, options, generator);
  const torch::Tensor rewards = (*rewards_)(images, drawn, given);  // [B, S]
  torch::Tensor advantages;
  if (objective.self_critical_baseline == "greedy") {
    options.samples = 1;
    options.is_greedy = true;
    const TextBatch usual =
        draw_captions(model.decoder, model.language_model_head, states, prompt, options, generator);
    advantages = advantage_over_greedy(rewards, (*rewards_)(images, usual, given).squeeze(1));
  } else {
    advantages = advantage_over_others(rewards);
  }
  // Weights that were rounded without gradients would be taken for those that have them.
  forget_rounded_weights();

  const torch::Tensor counts =
      torch::full({image_states.size(0)}, rewards.size(1), drawn.ids.options());
  const torch::Tensor logits = model.language_model_head.logits(
      model.decoder.decode(drawn, CrossStates{{image_states}, {}, counts}, kTraining));
  const torch::Tensor loss =
      self_critical_loss(logits, drawn, given, advantages.flatten().to(image_states.device()));
  const double reward = rewards.mean().item<double>();
  return {loss, reward, reward - advantages.mean().item<double>()};
}

}  // namespace blip::train
