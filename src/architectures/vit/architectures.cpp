#include "architectures/vit/architectures.hpp"

#include <array>

#include "architectures/vit/config.hpp"
#include "blip/error.hpp"
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

// Of each model type the first is the one without a head.
constexpr std::array<const VitArchitecture*, 9> kAll = {
    &kVitModel,    &kVitClassifier,    &kDeitModel,      &kDeitClassifier,     &kDeitTeacher,
    &kDinov2Model, &kDinov2Classifier, &kRegistersModel, &kRegistersClassifier};

constexpr std::array<const Architecture*, 9> kAllByBase = {
    &kVitModel,    &kVitClassifier,    &kDeitModel,      &kDeitClassifier,     &kDeitTeacher,
    &kDinov2Model, &kDinov2Classifier, &kRegistersModel, &kRegistersClassifier};

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

VisionTensorNames names_of(const ViTConfig& config) {
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
  return model_type == kDinov2Type ? all.subspan(5, 2) : all.subspan(7, 2);
}

std::string vit_prefix(const ViTConfig& config) {
  return config.model_type + ".";
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
          .qkv_bias = config.qkv_bias,
          .swiglu = config.use_swiglu_ffn,
          .resampling = config.model_type == kDinov2RegistersType
                            ? PositionResampling::antialiased_bicubic
                            : PositionResampling::bicubic};
}

std::vector<ExpectedTensor> vit_tensors(const ViTConfig& config) {
  const VitHead head = vit_architecture(config).head;
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
      list.linear("classifier", labels, width);
      break;
    case VitHead::class_and_distillation_token:
      list.linear("cls_classifier", labels, width);
      list.linear("distillation_classifier", labels, width);
      break;
    case VitHead::class_token_and_mean:
      list.linear("classifier", labels, 2 * width);
      break;
  }
  return list.take();
}

}  // namespace blip
