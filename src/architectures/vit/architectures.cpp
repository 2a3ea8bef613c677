#include "architectures/vit/architectures.hpp"

#include <array>

#include "architectures/vit/config.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

constexpr std::array kEmbedTask = {Task::embed};
constexpr std::array kClassifyTasks = {Task::classify, Task::embed};

constexpr VitArchitecture model_of(const char* name, const char* model_type) {
  return {{.name = name,
           .purpose = "embeds images",
           .tasks = kEmbedTask,
           .marker = "embeddings.cls_token",
           .marker_suffices = false},
          model_type,
          VitHead::none};
}

constexpr VitArchitecture classifier_of(const char* name, const char* model_type, VitHead head,
                                        const char* marker = "classifier.weight") {
  return {{.name = name,
           .purpose = "classifies images",
           .tasks = kClassifyTasks,
           .marker = marker,
           .marker_suffices = false},
          model_type,
          head};
}

constexpr VitArchitecture timm_class(const char* name, std::span<const Task> tasks, VitHead head) {
  return {{.name = name,
           .purpose = head == VitHead::none ? "embeds images" : "classifies images",
           .tasks = tasks,
           .marker = head == VitHead::none ? "cls_token" : "head.weight",
           .marker_suffices = false},
          kTimmType,
          head};
}

constexpr VitArchitecture kVitModel = model_of("ViTModel", kVitType);
constexpr VitArchitecture kVitClassifier =
    classifier_of("ViTForImageClassification", kVitType, VitHead::class_token);
constexpr VitArchitecture kDeitModel = model_of("DeiTModel", kDeitType);
constexpr VitArchitecture kDeitClassifier =
    classifier_of("DeiTForImageClassification", kDeitType, VitHead::class_token);
constexpr VitArchitecture kDeitTeacher =
    classifier_of("DeiTForImageClassificationWithTeacher", kDeitType,
                  VitHead::class_and_distillation_token, "distillation_classifier.weight");
constexpr VitArchitecture kDinov2Model = model_of("Dinov2Model", kDinov2Type);
constexpr VitArchitecture kDinov2Classifier =
    classifier_of("Dinov2ForImageClassification", kDinov2Type, VitHead::class_token_and_mean);
constexpr VitArchitecture kRegistersModel =
    model_of("Dinov2WithRegistersModel", kDinov2RegistersType);
constexpr VitArchitecture kRegistersClassifier =
    classifier_of("Dinov2WithRegistersForImageClassification", kDinov2RegistersType,
                  VitHead::class_token_and_mean);

constexpr VitArchitecture kTimmModel = timm_class("TimmWrapperModel", kEmbedTask, VitHead::none);
constexpr VitArchitecture kTimmClassifier =
    timm_class("TimmWrapperForImageClassification", kClassifyTasks, VitHead::class_token);

// Of each model type the first is the one without a head.
constexpr std::array<const VitArchitecture*, 11> kAll = {
    &kVitModel,      &kVitClassifier,    &kDeitModel,      &kDeitClassifier,      &kDeitTeacher,
    &kDinov2Model,   &kDinov2Classifier, &kRegistersModel, &kRegistersClassifier, &kTimmModel,
    &kTimmClassifier};

constexpr std::array<const Architecture*, 11> kAllByBase = {
    &kVitModel,      &kVitClassifier,    &kDeitModel,      &kDeitClassifier,      &kDeitTeacher,
    &kDinov2Model,   &kDinov2Classifier, &kRegistersModel, &kRegistersClassifier, &kTimmModel,
    &kTimmClassifier};

constexpr VisionTensorNames kVitNames = {.class_token = "embeddings.cls_token",
                                         .positions = "embeddings.position_embeddings",
                                         .patch = "embeddings.patch_embeddings.projection",
                                         .layers = "encoder.layer.",
                                         .norm1 = "layernorm_before",
                                         .query = "attention.attention.query",
                                         .key = "attention.attention.key",
                                         .value = "attention.attention.value",
                                         .projection = "attention.output.dense",
                                         .norm2 = "layernorm_after",
                                         .fc1 = "intermediate.dense",
                                         .fc2 = "output.dense",
                                         .last_norm = "layernorm"};

VisionTensorNames timm_names_of(const ViTConfig& config) {
  const TimmViTConfig& timm = *config.timm;
  return {.class_token = "cls_token",
          .distillation_token = timm.distillation_token ? "dist_token" : nullptr,
          .register_tokens = config.num_register_tokens > 0 ? "reg_token" : nullptr,
          .positions = "pos_embed",
          .patch = "patch_embed.proj",
          .norm_before = timm.norm_before ? "norm_pre" : nullptr,
          .layers = "blocks.",
          .norm1 = "norm1",
          .qkv = "attn.qkv",
          .projection = "attn.proj",
          .scale1 = timm.layer_scale ? "ls1.gamma" : nullptr,
          .norm2 = "norm2",
          .fc1 = "mlp.fc1",
          .fc2 = "mlp.fc2",
          .scale2 = timm.layer_scale ? "ls2.gamma" : nullptr,
          .last_norm = "norm"};
}

VisionTensorNames names_of(const ViTConfig& config) {
  if (config.timm) return timm_names_of(config);
  VisionTensorNames names = kVitNames;
  if (config.model_type == kVitType) return names;
  if (config.model_type == kDeitType) {
    names.distillation_token = "embeddings.distillation_token";
    return names;
  }
  names.norm1 = "norm1";
  names.scale1 = "layer_scale1.lambda1";
  names.norm2 = "norm2";
  names.fc1 = config.use_swiglu_ffn ? "mlp.weights_in" : "mlp.fc1";
  names.fc2 = config.use_swiglu_ffn ? "mlp.weights_out" : "mlp.fc2";
  names.scale2 = "layer_scale2.lambda1";
  if (config.model_type == kDinov2RegistersType)
    names.register_tokens = "embeddings.register_tokens";
  return names;
}

// What reads another image size than its own: timm antialiases, Facebook only with registers, and
// so does transformers.
PositionResampling resampling_of(const ViTConfig& config) {
  const bool is_antialiased = config.timm
                                  ? !config.timm->from_facebook || config.num_register_tokens > 0
                                  : config.model_type == kDinov2RegistersType;
  return is_antialiased ? PositionResampling::antialiased_bicubic : PositionResampling::bicubic;
}

}  // namespace

const VitArchitecture& vit_architecture(const ViTConfig& config) {
  for (const VitArchitecture* architecture : kAll) {
    const bool is_named = config.architecture.empty() || config.architecture == architecture->name;
    if (is_named && config.model_type == architecture->model_type) return *architecture;
  }
  throw Error(ErrorCode::unsupported, in_quotes(config.architecture) +
                                          " is not a supported architecture of " +
                                          in_quotes(config.model_type));
}

std::span<const Architecture* const> vit_architectures(std::string_view model_type) {
  const std::span<const Architecture* const> all = kAllByBase;
  if (model_type == kVitType) return all.subspan(0, 2);
  if (model_type == kDeitType) return all.subspan(2, 3);
  if (model_type == kDinov2Type) return all.subspan(5, 2);
  return model_type == kDinov2RegistersType ? all.subspan(7, 2) : all.subspan(9, 2);
}

VitHead vit_head(const ViTConfig& config) {
  const VitHead head = vit_architecture(config).head;
  const bool is_distilled = config.timm && config.timm->distillation_token;
  return head == VitHead::class_token && is_distilled ? VitHead::class_and_distillation_token
                                                      : head;
}

VitHeadNames vit_head_names(const ViTConfig& config) {
  if (config.timm) return {.classifier = "head", .distillation = "head_dist"};
  if (vit_head(config) != VitHead::class_and_distillation_token) return {};
  return {.classifier = "cls_classifier"};
}

std::string vit_prefix(const ViTConfig& config) {
  return config.timm ? "" : config.model_type + ".";
}

VisionTransformer vision_transformer_of(const ViTConfig& config, const std::string& prefix) {
  return {.names = names_of(config),
          .prefix = prefix,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .image_size = config.image_size,
          .patch_size = config.patch_size,
          .num_register_tokens = config.num_register_tokens,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          .tokens_have_positions = !config.timm || config.timm->token_positions,
          .patch_bias = !config.timm || config.timm->patch_bias,
          .qkv_bias = config.qkv_bias,
          .swiglu = config.use_swiglu_ffn,
          .resampling = resampling_of(config)};
}

std::vector<ExpectedTensor> vit_tensors(const ViTConfig& config) {
  const VitHead head = vit_head(config);
  const VitHeadNames names = vit_head_names(config);
  const std::int64_t width = config.hidden_size;
  const auto labels = std::ssize(config.labels);
  ExpectedTensorList list;
  add_vision_transformer(
      list, vision_transformer_of(config, head == VitHead::none ? "" : vit_prefix(config)));
  switch (head) {
    case VitHead::none:
      if (config.model_type == kVitType || config.model_type == kDeitType) {
        list.optional_linear("pooler.dense", config.pooler_output_size, width);
      }
      break;
    case VitHead::class_token:
      list.linear(names.classifier, labels, width);
      break;
    case VitHead::class_and_distillation_token:
      list.linear(names.classifier, labels, width);
      list.linear(names.distillation, labels, width);
      break;
    case VitHead::class_token_and_mean:
      list.linear(names.classifier, labels, 2 * width);
      break;
  }
  return list.take();
}

}  // namespace blip
