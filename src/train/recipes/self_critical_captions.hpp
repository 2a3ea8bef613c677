// SelfCriticalCaptions: the losses of a captioner that learns from captions of its own.
#pragma once

#include <torch/torch.h>

#include <optional>
#include <span>

#include "train/data/example.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/models.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/recipes/caption_rewards.hpp"
#include "train/recipes/recipe.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// Captions that people gave are learnt by drawing some for their pictures, whose CIDEr-D is what
/// counts. Synthetic ones are learnt as they are, by cross-entropy.
class SelfCriticalCaptions {
 public:
  SelfCriticalCaptions(const TrainingConfig& config, const StartModel& start);

  /// Takes the captions of people as references. Throws invalid_argument if there are none.
  void prepare(const ExampleReader& reader);

  /// images: [B, …] of the examples, as the vision tower takes them; texts: all of their captions.
  StepLosses losses(const CaptioningModel& model, std::span<const Example> examples,
                    const CaptioningBatch& batch);

 private:
  struct Drawn {
    torch::Tensor loss;
    double reward = 0;    // means over the captions that were drawn
    double baseline = 0;  // of what they were compared with
  };
  Drawn draw(const CaptioningModel& model, const torch::Tensor& image_states,
             std::span<const std::uint32_t> images);

  TrainingConfig config_;
  BertTokenizer tokenizer_;
  std::optional<CaptionRewards> rewards_;
};

}  // namespace blip::train
