#include "train/run/training_config.hpp"

#include <array>

#include "blip/error.hpp"

namespace blip::train {
namespace {

// Each task's differences from the structs' own values. Sources: the paper's section 4 and
// appendix, configs/*.yaml of github.com/salesforce/BLIP, whose batches are per GPU.

void set_pretraining(TrainingConfig& config) {
  config.data.batch = 75;  // × 8 GPUs = 600; the paper has 2880 on 32
  config.data.max_tokens = 30;
  config.data.min_crop = 0.2;
  config.model.image_size = 224;
  config.optimizer.schedule = "warmup_decay";
  config.optimizer.learning_rate = 3e-4;
  config.optimizer.min_learning_rate = 1e-6;
  config.objective.alpha_ramp_epochs = 2;
  config.run.epochs = 20;
}

void set_captioning(TrainingConfig& config) {
  config.data.max_tokens = 40;
  config.data.prompt = "a picture of ";
  config.run.epochs = 5;
}

void set_retrieval(TrainingConfig& config) {
  config.model.recompute_layers = 4;
  config.run.epochs = 6;
}

void set_question_answering(TrainingConfig& config) {
  config.data.batch = 16;
  config.data.max_words = 50;
  config.model.image_size = 480;
  config.model.drop_path = 0.1;
  config.optimizer.learning_rate = 2e-5;
  config.run.epochs = 10;
  config.evaluation.batch = 16;
  config.evaluation.candidates = 128;
}

void set_reasoning(TrainingConfig& config) {
  config.data.batch = 16;
  config.data.max_words = 40;
  config.model.drop_path = 0.1;
  config.optimizer.learning_rate = 3e-5;
  config.run.epochs = 15;
  config.evaluation.batch = 64;
}

// CLIP's optimizer (arXiv:2103.00020, table 18) at the learning rate of fine-tuning.
void set_clip(TrainingConfig& config) {
  config.data.batch = 64;
  config.optimizer.schedule = "warmup_cosine";
  config.optimizer.warmup_steps = 200;
  config.optimizer.warmup_learning_rate = 0;
  config.optimizer.weight_decay = 0.2;
  config.optimizer.decay_everything = false;
  config.optimizer.beta2 = 0.98;
  config.optimizer.epsilon = 1e-6;
  config.run.epochs = 5;
}

// taming-transformers' optimizer (arXiv:2012.09841); its learning rate is 4.5e-6 for each picture
// of a batch. Crops and flips are all that it changes in pictures.
void set_vqgan(TrainingConfig& config) {
  config.data.batch = 12;
  config.data.rand_augment = false;
  config.optimizer.schedule = "warmup_cosine";
  config.optimizer.learning_rate = 5.4e-5;
  config.optimizer.warmup_learning_rate = 0;
  config.optimizer.warmup_steps = 500;
  config.optimizer.weight_decay = 0;
  config.optimizer.beta1 = 0.5;
  config.optimizer.beta2 = 0.9;
  config.run.epochs = 20;
}

// Pictures are shown as they are, so that their codes are computed once.
void set_drawing(TrainingConfig& config) {
  config.data.rand_augment = false;
  config.data.augment = false;
  config.architecture.vocabulary = "";
  config.optimizer.schedule = "warmup_cosine";
  config.optimizer.learning_rate = 3e-4;
  config.optimizer.warmup_learning_rate = 0;
  config.optimizer.warmup_steps = 1000;
  config.optimizer.decay_everything = false;
  config.optimizer.beta2 = 0.98;
  config.run.epochs = 20;
}

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

}  // namespace

std::string_view name_of(Task task) noexcept {
  constexpr std::array<std::string_view, 8> kNames = {"pretrain", "caption", "retrieval", "vqa",
                                                      "nlvr",     "clip",    "vqgan",     "draw"};
  return kNames[static_cast<std::size_t>(task)];
}

TrainingConfig default_config(Task task) {
  TrainingConfig config;
  config.task = task;
  switch (task) {
    case Task::pretrain:
      set_pretraining(config);
      break;
    case Task::caption:
      set_captioning(config);
      break;
    case Task::retrieval:
      set_retrieval(config);
      break;
    case Task::vqa:
      set_question_answering(config);
      break;
    case Task::nlvr:
      set_reasoning(config);
      break;
    case Task::clip:
      set_clip(config);
      break;
    case Task::vqgan:
      set_vqgan(config);
      break;
    case Task::draw:
      set_drawing(config);
      break;
  }
  return config;
}

void check_config(const TrainingConfig& config, int processes) {
  if (config.task == Task::pretrain && !config.data.validation.empty()) {
    fail(
        "data.validation: pre-training judges nothing; blip eval does, its model/captioning and "
        "model/retrieval");
  }
  const bool contrastive = config.task == Task::pretrain || config.task == Task::retrieval;
  if (contrastive && config.optimizer.accumulation_steps > 1) {
    fail(
        "optimizer.accumulation_steps: contrastive and matching losses compare what is in a batch, "
        "so the gradients of small ones do not add up to those of a large one; more processes make "
        "it larger");
  }
  if (config.objective.self_critical && config.objective.self_critical_baseline == "others" &&
      config.objective.self_critical_samples < 2) {
    fail(
        "objective.self_critical_baseline \"others\" is the mean of a picture's other captions: "
        "objective.self_critical_samples must be 2 or more");
  }
  if (config.task == Task::clip && std::int64_t{config.data.batch} * processes == 1) {
    fail(
        "data.batch of 1: a pair is told from the others of its batch, so there must be 2 or more");
  }
  if (!contrastive) return;
  const std::int64_t global_batch = std::int64_t{config.data.batch} * processes;
  const std::string batches = std::to_string(global_batch) + " (data.batch " +
                              std::to_string(config.data.batch) + " × " +
                              std::to_string(processes) + " processes)";
  if (config.objective.queue_size % global_batch != 0) {
    // The nearest batch that divides it: people change the batch more often than the queue.
    std::int64_t better = config.data.batch;
    while (better > 1 && config.objective.queue_size % (better * processes) != 0) --better;
    const bool found = config.objective.queue_size % (better * processes) == 0 && better > 1;
    fail("objective.queue_size " + std::to_string(config.objective.queue_size) +
         " is not a multiple of the " + batches + " samples of a step, which it takes whole" +
         (found ? ": data.batch " + std::to_string(better) + " would do" : ""));
  }
  const bool all_ranks =
      config.task == Task::retrieval && config.objective.negatives_from_all_ranks;
  if (config.data.batch == 1 && !(all_ranks && processes > 1)) {
    fail(
        "data.batch of 1: image-text matching draws its negatives from the other samples of a "
        "batch, so it needs 2 or more");
  }
}

}  // namespace blip::train
