#include "architectures/vit/timm_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "architectures/config_limits.hpp"
#include "architectures/label_names.hpp"
#include "architectures/tensor_sizes.hpp"
#include "architectures/vit/architectures.hpp"
#include "architectures/vit/config.hpp"
#include "architectures/vit/imagenet_labels.hpp"
#include "architectures/vit/timm_transform.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip {
namespace {

constexpr const char* kPatches = "patch_embed.proj.weight";
constexpr const char* kHead = "head.weight";

// Parts that other transformers of timm's have. Without them the numbers would be wrong.
constexpr std::array kForeignParts = {"fc_norm.weight",
                                      "attn_pool.q.weight",
                                      "blocks.0.attn.q_norm.weight",
                                      "blocks.0.attn.norm.weight",
                                      "blocks.0.attn.q_bias",
                                      "blocks.0.attn.relative_position_bias_table",
                                      "blocks.0.attn.rel_pos.mlp.fc1.weight",
                                      "blocks.0.mlp.norm.weight"};

// Which tokens have positions, and how many patches lie along a side.
void infer_positions(const TensorSizes& sizes, ViTConfig& config) {
  const int rows = sizes.size("pos_embed", 3, 1, kPositionCounts.max);
  const int tokens = config.timm->distillation_token ? 2 : 1;
  const auto is_square = [](int count) {
    const auto edge = std::lround(std::sqrt(std::max(count, 0)));
    return edge > 0 && edge * edge == count;
  };
  if (config.num_register_tokens > 0 && is_square(rows - tokens - config.num_register_tokens)) {
    sizes.fail("has positions of registers, which are not supported", ErrorCode::unsupported);
  }
  config.timm->token_positions = !is_square(rows);
  config.image_size =
      sizes.grid(config.timm->token_positions ? rows - tokens : rows, config.patch_size) *
      config.patch_size;
}

bool is_vision_transformer(std::string_view name) {
  constexpr std::array<std::string_view, 4> kStarts = {"vit_", "deit_", "deit3_", "flexivit_"};
  constexpr std::array<std::string_view, 3> kForeign = {"rope", "relpos", "_gap_"};
  return std::ranges::any_of(kStarts, [&](auto start) { return name.starts_with(start); }) &&
         std::ranges::none_of(kForeign,
                              [&](auto part) { return name.find(part) != std::string_view::npos; });
}

// What of timm's constructors shows in a model's name alone.
void apply_name(const std::string& name, ViTConfig& config) {
  config.timm->architecture = name;
  if (name.find("_clip_") != std::string::npos) config.layer_norm_eps = 1e-5F;
  if (name.find("quickgelu") != std::string::npos) config.hidden_act = "quick_gelu";
}

// As timm takes them: whoever has 1,000 classes and no names for them has ImageNet's.
std::vector<std::string> labels_of(int count) {
  constexpr int kClassesOfImageNet = 1'000;
  if (count != kClassesOfImageNet) return numbered_labels(count);
  std::vector<std::string> labels;
  std::string_view rest = imagenet_labels();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) labels.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return labels;
}

// "label_names": ["tench", …]
void apply_label_names(const JsonFields& fields, ViTConfig& config) {
  const nlohmann::json* names = fields.find("label_names");
  if (names == nullptr || config.labels.empty()) return;
  if (!names->is_array() || names->size() != config.labels.size() ||
      !std::ranges::all_of(*names, [](const auto& name) { return name.is_string(); })) {
    fields.fail("label_names", "must name the " + std::to_string(config.labels.size()) +
                                   " classes that the weights have");
  }
  config.labels = names->get<std::vector<std::string>>();
}

void set_architecture(ViTConfig& config) {
  config.architecture =
      config.labels.empty() ? "TimmWrapperModel" : "TimmWrapperForImageClassification";
}

}  // namespace

bool is_timm_vit(const Checkpoint& checkpoint) {
  constexpr std::array kMarks = {"cls_token", "pos_embed", kPatches, "blocks.0.attn.qkv.weight"};
  return std::ranges::all_of(kMarks,
                             [&](const char* name) { return checkpoint.find(name) != nullptr; });
}

ViTConfig infer_timm_config(const Checkpoint& checkpoint, std::optional<int> num_heads) {
  const TensorSizes sizes(checkpoint, "ViT");
  for (const char* part : kForeignParts) {
    if (!sizes.has(part)) continue;
    sizes.fail("has " + in_quotes(part) + ", which no supported transformer of timm's has",
               ErrorCode::unsupported);
  }
  ViTConfig config;
  config.model_type = kTimmType;
  config.layer_norm_eps = 1e-6F;
  config.hidden_size = sizes.size(kPatches, 4, 0);
  config.patch_size = sizes.size(kPatches, 4, 3, kPixelSizes.max);
  config.num_hidden_layers = sizes.layers("blocks.", ".norm1.weight");
  config.num_attention_heads =
      num_heads ? *num_heads
                : sizes.heads(config.hidden_size, usual_head_width(config.hidden_size));
  config.intermediate_size = sizes.size("blocks.0.mlp.fc2.weight", 2, 1);
  config.use_swiglu_ffn =
      sizes.size("blocks.0.mlp.fc1.weight", 2, 0, 2 * kWidths.max) == 2 * config.intermediate_size;
  config.qkv_bias = sizes.has("blocks.0.attn.qkv.bias");
  if (sizes.has("reg_token")) config.num_register_tokens = sizes.size("reg_token", 3, 1, 1'000);
  config.timm = TimmViTConfig{.from_facebook = checkpoint.has_original_names(),
                              .distillation_token = sizes.has("dist_token"),
                              .layer_scale = sizes.has("blocks.0.ls1.gamma"),
                              .patch_bias = sizes.has("patch_embed.proj.bias"),
                              .norm_before = sizes.has("norm_pre.weight")};
  infer_positions(sizes, config);
  if (sizes.has(kHead)) {
    config.labels = labels_of(sizes.size(kHead, 2, 0, kMaxLabels));
  }
  set_architecture(config);
  return config;
}

std::optional<int> read_timm_heads(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const auto arguments = JsonFields(document, name).object("model_args");
  return arguments ? arguments->integer("num_heads", kWidths) : std::nullopt;
}

void apply_timm_config(std::string_view json, const std::string& name, ViTConfig& config) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string architecture = fields.string("architecture").value_or("");
  if (!is_vision_transformer(architecture)) {
    fields.fail("architecture",
                in_quotes(architecture) +
                    " is not supported: of timm's models vit_*, deit* and flexivit_* are",
                ErrorCode::unsupported);
  }
  const std::string pool = fields.string("global_pool").value_or("token");
  if (pool != "token" && !pool.empty()) {
    fields.fail("global_pool", in_quotes(pool) + " is not supported: \"token\" is",
                ErrorCode::unsupported);
  }
  apply_name(architecture, config);
  // Facebook's name for it: what timm_config_as_json keeps of a converted DINOv2.
  if (!fields.boolean("interpolate_antialias").value_or(true)) config.timm->from_facebook = true;
  if (const auto arguments = fields.object("model_args")) {
    config.num_attention_heads =
        arguments->integer("num_heads", kWidths).value_or(config.num_attention_heads);
    require_even_heads(*arguments, config.hidden_size, config.num_attention_heads);
  }
  const int classes = fields.integer("num_classes", {0, kMaxLabels})
                          .value_or(static_cast<int>(config.labels.size()));
  if (classes != std::ssize(config.labels)) {
    fields.fail("num_classes", "is " + std::to_string(classes) + ", but the weights have " +
                                   std::to_string(config.labels.size()) + " classes");
  }
  apply_label_names(fields, config);
  set_architecture(config);
}

std::string timm_config_as_json(const ViTConfig& config) {
  using Json = nlohmann::ordered_json;
  const TimmViTConfig& timm = *config.timm;
  const ImageProcessorConfig images = usual_timm_transform(config);
  Json arguments = {
      {"img_size", config.image_size},
      {"patch_size", config.patch_size},
      {"embed_dim", config.hidden_size},
      {"depth", config.num_hidden_layers},
      {"num_heads", config.num_attention_heads},
      {"mlp_ratio", static_cast<double>(config.use_swiglu_ffn ? 2 * config.intermediate_size
                                                              : config.intermediate_size) /
                        config.hidden_size},
      {"qkv_bias", config.qkv_bias}};
  if (timm.layer_scale) arguments["init_values"] = 1e-5;
  if (config.num_register_tokens > 0) arguments["reg_tokens"] = config.num_register_tokens;
  if (!timm.token_positions) arguments["no_embed_class"] = true;
  const int side = images.crop_width;
  Json whole = {{"architecture", timm.distillation_token ? "deit_base_distilled_patch16_224"
                                                         : "vit_base_patch16_224"},
                {"num_classes", config.labels.size()},
                {"num_features", config.hidden_size},
                {"global_pool", "token"},
                {"model_args", std::move(arguments)},
                {"pretrained_cfg",
                 {{"input_size", {3, side, side}},
                  {"crop_pct", static_cast<double>(side) / images.size.shortest_edge},
                  {"interpolation", "bicubic"},
                  {"mean", {0.485, 0.456, 0.406}},
                  {"std", {0.229, 0.224, 0.225}},
                  {"num_classes", config.labels.size()}}}};
  if (timm.from_facebook && config.num_register_tokens == 0) whole["interpolate_antialias"] = false;
  return whole.dump(2) + "\n";
}

}  // namespace blip
