#include "train/run/config_fields.hpp"

#include <initializer_list>
#include <utility>

#include "architectures/dalle/config.hpp"

namespace blip::train {
namespace {

// The largest number a whole-number key takes where nothing else limits it.
constexpr int kMany = 1'000'000'000;

using Tasks = unsigned;  // a bit for each

constexpr Tasks bit(Task task) {
  return 1U << static_cast<unsigned>(task);
}
constexpr Tasks kPretrain = bit(Task::pretrain);
constexpr Tasks kCaption = bit(Task::caption);
constexpr Tasks kRetrieval = bit(Task::retrieval);
constexpr Tasks kVqa = bit(Task::vqa);
constexpr Tasks kNlvr = bit(Task::nlvr);
constexpr Tasks kClip = bit(Task::clip);
constexpr Tasks kVqgan = bit(Task::vqgan);
constexpr Tasks kDraw = bit(Task::draw);
constexpr Tasks kBlip = kPretrain | kCaption | kRetrieval | kVqa | kNlvr;
constexpr Tasks kAll = kBlip | kClip | kVqgan | kDraw;
constexpr Tasks kContrastive = kPretrain | kRetrieval;
constexpr Tasks kLanguage = kPretrain | kCaption | kVqa;

struct TaskField {
  Tasks tasks;
  ConfigField field;
};

void add_data(std::vector<TaskField>& fields, DataConfig& data) {
  const std::initializer_list<TaskField> group = {
      {kAll, {"data", "train", ListField{&data.train}}},
      {kAll, {"data", "validation", ListField{&data.validation}}},
      {kAll, {"data", "images", TextField{&data.images}}},
      {kAll, {"data", "batch", IntegerField{&data.batch, 1, 65536}}},
      {kAll, {"data", "workers", IntegerField{&data.workers, 1, 1024}}},
      {kBlip, {"data", "max_words", IntegerField{&data.max_words, 1, 512}}},
      // BERT has 512 positions.
      {kBlip, {"data", "max_tokens", IntegerField{&data.max_tokens, 3, 512}}},
      {kCaption, {"data", "prompt", TextField{&data.prompt}}},
      {kCaption, {"data", "captions_per_image", IntegerField{&data.captions_per_image, 1, 1000}}},
      {kAll, {"data", "min_crop", NumberField{&data.min_crop, 0.01, 1}}},
      {kAll, {"data", "augment", SwitchField{&data.augment}}},
      {kAll, {"data", "rand_augment", SwitchField{&data.rand_augment}}},
      {kAll, {"data", "bad_pictures", TextField{&data.bad_pictures, {"fail", "replace"}}}},
      {kAll, {"data", "flip", SwitchField{&data.flip}}},
      {kAll, {"data", "cache_megabytes", IntegerField{&data.cache_megabytes, 0, 1 << 20}}},
      {kBlip, {"data", "feature_cache", TextField{&data.feature_cache}}},
      {kBlip,
       {"data", "feature_cache_megabytes",
        IntegerField{&data.feature_cache_megabytes, 0, 1 << 20}}}};
  fields.insert(fields.end(), group);
}

void add_model(std::vector<TaskField>& fields, ModelConfig& model) {
  const std::initializer_list<TaskField> group = {
      {kAll, {"model", "start", TextField{&model.start}}},
      {kBlip, {"model", "image_size", IntegerField{&model.image_size, 16, 4096}}},
      {kBlip, {"model", "text_layers", IntegerField{&model.text_layers, 0, 1024}}},
      {kBlip, {"model", "bert", TextField{&model.bert}}},
      {kBlip, {"model", "vit", TextField{&model.vit}}},
      {kBlip, {"model", "backbone", TextField{&model.backbone}}},
      {kBlip, {"model", "dropout", NumberField{&model.dropout, 0, 0.9}}},
      {kBlip, {"model", "drop_path", NumberField{&model.drop_path, 0, 0.9}}},
      {kBlip, {"model", "recompute_layers", IntegerField{&model.recompute_layers, 0, 1024}}},
      {kDraw, {"model", "vqgan", TextField{&model.vqgan}}}};
  fields.insert(fields.end(), group);
}

constexpr int kWidest = 1 << 16;
constexpr int kDeepest = 1024;

void add_architecture(std::vector<TaskField>& fields, ArchitectureConfig& architecture) {
  const auto add = [&](std::string_view key, int& value, int most) {
    fields.push_back({kBlip, {"architecture", key, IntegerField{&value, 1, most}}});
  };
  add("vision_width", architecture.vision_width, kWidest);
  add("vision_layers", architecture.vision_layers, kDeepest);
  add("vision_heads", architecture.vision_heads, kDeepest);
  add("patch_size", architecture.patch_size, kWidest);
  add("text_width", architecture.text_width, kWidest);
  add("text_layers", architecture.text_layers, kDeepest);
  add("text_heads", architecture.text_heads, kDeepest);
  add("text_positions", architecture.text_positions, kWidest);
  add("projection", architecture.projection, kWidest);
  fields.push_back(
      {kBlip | kDraw, {"architecture", "vocabulary", TextField{&architecture.vocabulary}}});
}

// By the names of vqgan_config, and those of a DALL-E's config.json.
void add_drawing(std::vector<TaskField>& fields, DalleConfig& dalle) {
  constexpr int kLargestPicture = 4096;
  constexpr int kMaxCodes = 1 << 20;
  VqganConfig& vqgan = dalle.vqgan_config;
  const auto add = [&](Tasks tasks, std::string_view key, int& value, int most) {
    fields.push_back({tasks, {"architecture", key, IntegerField{&value, 1, most}}});
  };
  const auto add_list = [&](std::string_view key, std::vector<int>& value, int most) {
    fields.push_back(
        {kVqgan,
         {"architecture", key, IntegerListField{&value, 1, most, std::size_t{kMaxVqganLevels}}}});
  };
  add(kVqgan, "resolution", vqgan.resolution, kLargestPicture);
  add(kVqgan, "ch", vqgan.ch, kWidest);
  add_list("ch_mult", vqgan.ch_mult, 64);
  add(kVqgan, "num_res_blocks", vqgan.num_res_blocks, 100);
  add_list("attn_resolutions", vqgan.attn_resolutions, kLargestPicture);
  add(kVqgan, "z_channels", vqgan.z_channels, kWidest);
  add(kVqgan, "embed_dim", vqgan.embed_dim, kWidest);
  add(kVqgan, "n_embed", vqgan.n_embed, kMaxCodes);
  add(kVqgan, "norm_groups", vqgan.norm_groups, kWidest);
  add(kDraw, "d_model", dalle.d_model, kWidest);
  add(kDraw, "encoder_layers", dalle.encoder_layers, kDeepest);
  add(kDraw, "encoder_ffn_dim", dalle.encoder_ffn_dim, kWidest);
  add(kDraw, "encoder_attention_heads", dalle.encoder_attention_heads, kDeepest);
  add(kDraw, "decoder_layers", dalle.decoder_layers, kDeepest);
  add(kDraw, "decoder_ffn_dim", dalle.decoder_ffn_dim, kWidest);
  add(kDraw, "decoder_attention_heads", dalle.decoder_attention_heads, kDeepest);
  fields.push_back(
      {kDraw,
       {"architecture", "max_text_length", IntegerField{&dalle.max_text_length, 2, kWidest}}});
}

void add_optimizer(std::vector<TaskField>& fields, OptimizerConfig& optimizer) {
  const std::initializer_list<TaskField> group = {
      {kAll,
       {"optimizer", "schedule",
        TextField{&optimizer.schedule, {"cosine", "warmup_decay", "warmup_cosine"}}}},
      {kAll, {"optimizer", "learning_rate", NumberField{&optimizer.learning_rate, 0, 1}}},
      {kAll, {"optimizer", "min_learning_rate", NumberField{&optimizer.min_learning_rate, 0, 1}}},
      {kAll,
       {"optimizer", "warmup_learning_rate", NumberField{&optimizer.warmup_learning_rate, 0, 1}}},
      {kAll, {"optimizer", "warmup_steps", IntegerField{&optimizer.warmup_steps, 1, kMany}}},
      {kAll, {"optimizer", "decay_rate", NumberField{&optimizer.decay_rate, 0, 1}}},
      {kAll, {"optimizer", "weight_decay", NumberField{&optimizer.weight_decay, 0, 1}}},
      {kAll, {"optimizer", "decay_everything", SwitchField{&optimizer.decay_everything}}},
      {kBlip | kClip,
       {"optimizer", "vision_learning_rate_factor",
        NumberField{&optimizer.vision_learning_rate_factor, 0, 10}}},
      {kBlip,
       {"optimizer", "backbone_learning_rate_factor",
        NumberField{&optimizer.backbone_learning_rate_factor, 0, 10}}},
      {kBlip | kDraw,
       {"optimizer", "accumulation_steps", IntegerField{&optimizer.accumulation_steps, 1, 1024}}},
      {kAll, {"optimizer", "average_decay", NumberField{&optimizer.average_decay, 0, 0.9999999}}},
      {kAll, {"optimizer", "beta1", NumberField{&optimizer.beta1, 0, 0.9999999}}},
      {kAll, {"optimizer", "beta2", NumberField{&optimizer.beta2, 0, 0.9999999}}},
      {kAll, {"optimizer", "epsilon", NumberField{&optimizer.epsilon, 1e-16, 1}}}};
  fields.insert(fields.end(), group);
}

void add_objective(std::vector<TaskField>& fields, ObjectiveConfig& objective) {
  const std::initializer_list<TaskField> group = {
      {kContrastive,
       {"objective", "contrastive_weight", NumberField{&objective.contrastive_weight, 0, 1000}}},
      {kContrastive,
       {"objective", "matching_weight", NumberField{&objective.matching_weight, 0, 1000}}},
      {kPretrain,
       {"objective", "language_weight", NumberField{&objective.language_weight, 0, 1000}}},
      {kLanguage,
       {"objective", "label_smoothing", NumberField{&objective.label_smoothing, 0, 0.99}}},
      {kCaption, {"objective", "self_critical", SwitchField{&objective.self_critical}}},
      {kCaption,
       {"objective", "self_critical_weight",
        NumberField{&objective.self_critical_weight, 0, 1000}}},
      {kCaption,
       {"objective", "self_critical_samples",
        IntegerField{&objective.self_critical_samples, 1, 1000}}},
      {kCaption,
       {"objective", "self_critical_baseline",
        TextField{&objective.self_critical_baseline, {"greedy", "others"}}}},
      {kCaption,
       {"objective", "self_critical_cross_entropy",
        NumberField{&objective.self_critical_cross_entropy, 0, 1000}}},
      {kCaption, {"objective", "synthetic_datasets", ListField{&objective.synthetic_datasets}}},
      {kContrastive, {"objective", "queue_size", IntegerField{&objective.queue_size, 1, kMany}}},
      {kContrastive, {"objective", "momentum", NumberField{&objective.momentum, 0, 1}}},
      {kContrastive, {"objective", "alpha", NumberField{&objective.alpha, 0, 1}}},
      {kContrastive,
       {"objective", "alpha_ramp_epochs", IntegerField{&objective.alpha_ramp_epochs, 0, 1000}}},
      {kContrastive,
       {"objective", "negative_hardness", NumberField{&objective.negative_hardness, 0, 10}}},
      {kRetrieval,
       {"objective", "negatives_from_all_ranks", SwitchField{&objective.negatives_from_all_ranks}}},
      {kRetrieval, {"objective", "sentence_space", TextField{&objective.sentence_space}}},
      {kRetrieval,
       {"objective", "sentence_weight", NumberField{&objective.sentence_weight, 0, 1000}}},
      {kVqa,
       {"objective", "single_answer_weight", NumberField{&objective.single_answer_weight, 0, 1}}},
      {kVqgan,
       {"objective", "squared_error_weight",
        NumberField{&objective.squared_error_weight, 0, 1000}}},
      {kVqgan, {"objective", "codebook_weight", NumberField{&objective.codebook_weight, 0, 1000}}},
      {kVqgan,
       {"objective", "commitment_weight", NumberField{&objective.commitment_weight, 0, 1000}}},
      {kVqgan,
       {"objective", "code_restart_share", NumberField{&objective.code_restart_share, 0, 1}}},
      {kVqgan,
       {"objective", "code_restart_epochs",
        IntegerField{&objective.code_restart_epochs, 0, kMany}}},
      {kDraw, {"objective", "prompt_dropout", NumberField{&objective.prompt_dropout, 0, 1}}}};
  fields.insert(fields.end(), group);
}

void add_run(std::vector<TaskField>& fields, RunConfig& run) {
  const std::initializer_list<TaskField> group = {
      {kAll, {"run", "directory", TextField{&run.directory}}},
      {kAll, {"run", "epochs", IntegerField{&run.epochs, 1, 100'000}}},
      {kAll, {"run", "max_steps", IntegerField{&run.max_steps, 0, kMany}}},
      {kAll, {"run", "seed", IntegerField{&run.seed, 0, kMany}}},
      {kAll, {"run", "device", TextField{&run.device, {"auto", "cpu", "cuda"}}}},
      {kAll, {"run", "precision", TextField{&run.precision, {"float32", "bfloat16"}}}},
      {kAll, {"run", "log_interval", IntegerField{&run.log_interval, 1, kMany}}},
      {kAll, {"run", "checkpoint_interval", IntegerField{&run.checkpoint_interval, 1, kMany}}},
      {kAll, {"run", "keep_checkpoints", IntegerField{&run.keep_checkpoints, 0, kMany}}},
      {kAll, {"run", "timeout_seconds", IntegerField{&run.timeout_seconds, 1, 7 * 86400}}}};
  fields.insert(fields.end(), group);
}

void add_evaluation(std::vector<TaskField>& fields, EvaluationConfig& evaluation) {
  const std::initializer_list<TaskField> group = {
      {kAll & ~kPretrain, {"evaluation", "batch", IntegerField{&evaluation.batch, 1, 65536}}},
      {kCaption, {"evaluation", "beams", IntegerField{&evaluation.beams, 1, 64}}},
      {kCaption, {"evaluation", "max_length", IntegerField{&evaluation.max_length, 2, 512}}},
      {kCaption, {"evaluation", "min_length", IntegerField{&evaluation.min_length, 0, 512}}},
      {kRetrieval, {"evaluation", "candidates", IntegerField{&evaluation.candidates, 1, kMany}}},
      // Answers that the decoder ranks: those with the likeliest first token.
      {kVqa, {"evaluation", "candidates", IntegerField{&evaluation.candidates, 1, kMany}}},
      {kVqa, {"evaluation", "answers", TextField{&evaluation.answers}}}};
  fields.insert(fields.end(), group);
}

}  // namespace

std::vector<ConfigField> fields_of(TrainingConfig& config) {
  std::vector<TaskField> fields;
  add_data(fields, config.data);
  add_model(fields, config.model);
  add_architecture(fields, config.architecture);
  add_drawing(fields, config.dalle);
  add_optimizer(fields, config.optimizer);
  add_objective(fields, config.objective);
  add_run(fields, config.run);
  add_evaluation(fields, config.evaluation);
  std::vector<ConfigField> chosen;
  for (TaskField& field : fields) {
    if ((field.tasks & bit(config.task)) != 0) chosen.push_back(std::move(field.field));
  }
  return chosen;
}

}  // namespace blip::train
