// TrainingConfig: everything that can be chosen about a training run.
//
// The defaults of a task are its paper's values, which recipes/TASK.json documents; a test holds
// the two together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "blip/dalle.hpp"

namespace blip::train {

enum class Task { pretrain, caption, retrieval, vqa, nlvr, clip, vqgan, draw };
/// "pretrain", … as the subcommands are called.
std::string_view name_of(Task task) noexcept;

struct DataConfig {
  std::vector<std::string> train;       ///< annotation files
  std::vector<std::string> validation;  ///< annotation files; none: no evaluation
  std::string images;                   ///< directory that the files' image paths start from
  int batch = 32;                       ///< samples per process and step
  int workers = 4;                      ///< threads that load images
  int max_words = 30;                   ///< of a text; the rest is cut off
  int max_tokens = 35;                  ///< with [CLS] and [SEP]
  std::string prompt;                   ///< in front of every caption
  /// Captions of a picture that are learnt from one encoding of it; a sample of the batch is then
  /// these. More is faster, but they share a crop.
  int captions_per_image = 1;
  double min_crop = 0.5;              ///< smallest share of an image's area that a crop keeps
  bool augment = true;                ///< crops, flips and RandAugment
  bool rand_augment = true;           ///< false: only crops and flips
  std::string bad_pictures = "fail";  ///< or "replace": the next row that can be read
  bool flip = false;                  ///< without `augment`: mirrored half of the time
  int cache_megabytes = 0;            ///< for decoded pictures, per process
  /// Directory where the maps that a fixed backbone makes of pictures are kept; empty: nowhere.
  std::string feature_cache;
  int feature_cache_megabytes = 8192;  ///< that it may grow to
};

struct ModelConfig {
  std::string start;     ///< directory, file or hub id of the weights to start from
  int image_size = 384;  ///< pixels; a multiple of the patch size
  /// 0: as many as the start has; n: its first n text layers, for a smaller model. Refused without
  /// `start`, where architecture.text_layers counts.
  int text_layers = 0;
  std::string bert;  ///< without `start`: fills the text towers
  std::string vit;   ///< without `start`: fills the vision tower; timm's names
  /// Without `start`: an EfficientNet-Lite classifier, whose convolutions embed the patches of a
  /// hybrid vision tower.
  std::string backbone;
  double dropout = 0.1;  ///< of the text towers
  double drop_path = 0;  ///< of the vision tower's last layer; rises linearly from the first
  int recompute_layers =
      0;              ///< last vision layers whose activations are computed twice, to save memory
  std::string vqgan;  ///< of `draw`: what `vqgan` has trained, which makes codes of pictures
};

/// Of a model that starts from nothing. Feed-forward layers are four times as wide as the towers,
/// as in every ViT and BERT.
struct ArchitectureConfig {
  int vision_width = 768;
  int vision_layers = 12;
  int vision_heads = 12;
  int patch_size = 16;
  int text_width = 768;
  int text_layers = 12;
  int text_heads = 12;
  int text_positions = 512;  ///< the longest text, in tokens
  int projection = 256;      ///< width of the embeddings that are compared
  /// A directory with a tokenizer, or a vocab.txt; of `draw` one with vocab.json and merges.txt.
  std::string vocabulary = "bert-base-uncased";
};

struct OptimizerConfig {
  std::string schedule = "cosine";  ///< or "warmup_decay", "warmup_cosine"
  double learning_rate = 1e-5;
  double min_learning_rate = 0;
  double warmup_learning_rate = 1e-6;  ///< of step 0
  int warmup_steps = 3000;
  double decay_rate = 0.9;  ///< factor per epoch
  double weight_decay = 0.05;
  bool decay_everything = true;              ///< false: not biases and norms, as LAVIS has it
  double vision_learning_rate_factor = 1.0;  ///< 0: the vision tower stays as it is
  /// Of a hybrid tower's backbone, as a part of the others' learning rate; 0: it stays as it is.
  double backbone_learning_rate_factor = 0.0;
  /// Batches whose gradients make one step; captions, answers, statements and drawings.
  int accumulation_steps = 1;
  double average_decay = 0;  ///< of the weights' average, which is what is saved; 0: none
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

struct ObjectiveConfig {
  double contrastive_weight = 1;
  double matching_weight = 1;
  double language_weight = 1;
  double label_smoothing = 0.1;
  bool self_critical = false;  ///< captions are drawn, and judged by CIDEr-D
  double self_critical_weight = 1;
  int self_critical_samples = 5;                  ///< captions drawn of a picture
  std::string self_critical_baseline = "greedy";  ///< or "others": the mean of the picture's others
  double self_critical_cross_entropy = 0;  ///< weight of people's captions as they are, beside that
  std::vector<std::string> synthetic_datasets;  ///< whose captions are learnt as they are, alone
  int queue_size = 57600;
  double momentum = 0.995;
  double alpha = 0.4;            ///< share of the momentum encoder's opinion in ITC's targets
  int alpha_ramp_epochs = 1;     ///< over which alpha rises from 0
  double negative_hardness = 1;  ///< 0: any other pair is as likely to be a negative of matching
  bool negatives_from_all_ranks = true;
  /// A BERT that places sentences; pictures learn the places of what is said of them, too. Empty:
  /// not.
  std::string sentence_space;
  double sentence_weight = 1;
  double single_answer_weight = 0.2;  ///< of an answer that only one annotator gave (Visual Genome)
  double squared_error_weight = 0;    ///< of (x - y)² beside |x - y| for a VQGAN's pictures
  double codebook_weight = 1;         ///< of what moves a VQGAN's codes to its latents
  double commitment_weight = 0.25;    ///< of what moves the latents to the codes
  /// A code that is chosen less than this share of what all would be, were they chosen equally
  /// often, starts anew in the first code_restart_epochs epochs.
  double code_restart_share = 0.1;
  int code_restart_epochs = 10;
  double prompt_dropout = 0.1;  ///< share of prompts that become the empty one, for guidance
};

struct RunConfig {
  std::string directory;  ///< of checkpoints and logs
  int epochs = 1;
  int max_steps = 0;                  ///< stop there, for a trial; 0: no limit
  int seed = 42;                      ///< plus the rank
  std::string device = "auto";        ///< "cpu", "cuda", or "auto": a GPU if there is one
  std::string precision = "float32";  ///< or "bfloat16": matrix products in it, weights not
  int log_interval = 50;              ///< steps between lines of the log
  int checkpoint_interval = 1000;     ///< steps; the end of an epoch is a checkpoint, too
  int keep_checkpoints = 3;           ///< 0: all
  int timeout_seconds = 1800;         ///< how long the processes wait for each other
};

struct EvaluationConfig {
  int batch = 32;
  int beams = 3;
  int max_length = 20;  ///< tokens, with those of the prompt
  int min_length = 5;
  int candidates = 256;  ///< that the matching head re-ranks per query; 128 for Flickr30k
  std::string answers;   ///< file with an answer per line; empty: those of the training data
};

struct TrainingConfig {
  Task task = Task::pretrain;
  DataConfig data;
  ModelConfig model;
  ArchitectureConfig architecture;
  DalleConfig dalle;  ///< `architecture` of vqgan (its vqgan_config) and draw
  OptimizerConfig optimizer;
  ObjectiveConfig objective;
  RunConfig run;
  EvaluationConfig evaluation;
};

/// The paper's values (arXiv:2201.12086 and the configurations of its code).
TrainingConfig default_config(Task task);

/// Reads the JSON file `path` over the defaults of `task`; // comments are allowed. Throws
/// malformed: "FILE: optimizer.learning_rate must be …", for an unknown key with what it may have
/// been meant to be.
TrainingConfig read_config(Task task, const std::string& path);

/// Sets one key: "optimizer.learning_rate=3e-5". Values are JSON; a text needs no quotes. Throws
/// invalid_argument.
void set_option(TrainingConfig& config, const std::string& assignment);

/// What cannot be wrong on its own but together: throws invalid_argument for a queue that the
/// batches of `processes` do not divide, a batch of 1 where negatives are drawn from it, validation
/// data where nothing is judged.
void check_config(const TrainingConfig& config, int processes);

/// Every key that the task has, as read_config reads it.
std::string config_as_json(const TrainingConfig& config);

}  // namespace blip::train
