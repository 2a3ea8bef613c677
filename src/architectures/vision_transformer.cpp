#include "architectures/vision_transformer.hpp"

#include <vector>

#include "architectures/efficientnet_lite/tensors.hpp"

namespace blip {
namespace {

void add_attention(ExpectedTensorList& list, const VisionTransformer& tower,
                   const std::string& layer) {
  const VisionTensorNames& names = tower.names;
  const std::int64_t width = tower.hidden_size;
  const auto add = [&](const char* name, std::int64_t outputs) {
    list.matrix(layer + name + ".weight", outputs, width);
    if (tower.qkv_bias) list.add(layer + name + ".bias", {outputs});
  };
  if (names.qkv != nullptr) {
    add(names.qkv, 3 * width);
    return;
  }
  for (const char* name : {names.query, names.key, names.value}) add(name, width);
}

}  // namespace

int VisionTransformer::grid() const noexcept {
  if (!backbone) return image_size / patch_size;
  const int stride = backbone->total_stride();
  return (image_size + stride - 1) / stride;
}

void add_vision_transformer(ExpectedTensorList& list, const VisionTransformer& tower) {
  const VisionTensorNames& names = tower.names;
  const std::string& prefix = tower.prefix;
  const std::int64_t width = tower.hidden_size;
  const auto add_token = [&](const char* name) {
    if (name == nullptr) return;
    list.add(prefix + name, tower.class_token_is_vector ? std::vector<std::int64_t>{width}
                                                        : std::vector<std::int64_t>{1, 1, width});
  };
  add_token(names.class_token);
  add_token(names.distillation_token);
  if (names.register_tokens != nullptr) {
    list.add(prefix + names.register_tokens, {1, tower.num_register_tokens, width});
  }
  const std::int64_t edge = tower.grid();
  const std::int64_t rows = tower.positioned_tokens() + edge * edge;
  if (tower.positions_are_matrix) {
    list.add(prefix + names.positions, {rows, width});
  } else if (tower.resamples_stored_positions) {
    list.positions(prefix + names.positions, {1, rows, width});
  } else {
    list.add(prefix + names.positions, {1, rows, width});
  }
  const std::string patch = prefix + names.patch;
  if (tower.backbone) {
    add_efficientnet_lite(list, *tower.backbone, prefix + names.backbone);
    list.pointwise(patch + ".weight", width, tower.backbone->hidden_dim);
  } else {
    list.add(patch + ".weight", {width, 3, tower.patch_size, tower.patch_size});
  }
  if (tower.patch_bias) list.add(patch + ".bias", {width});
  if (names.norm_before != nullptr) list.layer_norm(prefix + names.norm_before, width);
  for (int i = 0; i < tower.num_hidden_layers; ++i) {
    const std::string layer = tower.layer_prefix(i);
    list.layer_norm(layer + names.norm1, width);
    add_attention(list, tower, layer);
    list.linear(layer + names.projection, width, width);
    if (names.scale1 != nullptr) list.add(layer + names.scale1, {width});
    list.layer_norm(layer + names.norm2, width);
    list.linear(layer + names.fc1, tower.fc1_outputs(), width);
    list.linear(layer + names.fc2, width, tower.intermediate_size);
    if (names.scale2 != nullptr) list.add(layer + names.scale2, {width});
  }
  list.layer_norm(prefix + names.last_norm, width);
}

}  // namespace blip
