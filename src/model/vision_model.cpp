#include "model/vision_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/panel_attention.hpp"
#include "kernels/float/panel_layer_norm.hpp"
#include "kernels/float/panel_layer_scale.hpp"
#include "kernels/float/panel_linear.hpp"
#include "kernels/float/panel_swiglu.hpp"
#include "kernels/int8/int8_attention.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "model/activation_epilogue.hpp"
#include "model/colours.hpp"
#include "model/position_embedding.hpp"

namespace blip {
namespace {

// Positions that a small file may be made to take memory for: pictures of 2,048 pixels in patches
// of 8, where BLIP's have 384 to 768 in patches of 16. A gigabyte.
constexpr std::int64_t kMaxResampledPatches = 65'536;
constexpr std::int64_t kMaxResampledNumbers = std::int64_t{1} << 28;

Linear load_qkv(WeightLoader& loader, const VisionTransformer& tower, const std::string& layer) {
  const VisionTensorNames& names = tower.names;
  const std::int64_t hidden = tower.hidden_size;
  if (names.qkv != nullptr) {
    const std::array<std::string, 1> whole = {layer + names.qkv};
    return loader.stacked_linear(whole, 3 * hidden, hidden, tower.qkv_bias, Int8Inputs::quantized);
  }
  const std::array<std::string, 3> parts = {layer + names.query, layer + names.key,
                                            layer + names.value};
  return loader.stacked_linear(parts, hidden, hidden, tower.qkv_bias, Int8Inputs::quantized);
}

VisionLayer load_layer(WeightLoader& loader, const VisionTransformer& tower,
                       const std::string& layer) {
  const VisionTensorNames& names = tower.names;
  const std::int64_t hidden = tower.hidden_size;
  const auto linear = [&](const char* name, std::int64_t outputs, std::int64_t inputs) {
    return loader.linear(layer + name, outputs, inputs, Int8Inputs::quantized);
  };
  const auto norm = [&](const char* name) {
    return loader.layer_norm(layer + name, hidden, tower.layer_norm_eps);
  };
  const auto scale = [&](const char* name) {
    return name == nullptr ? nullptr : loader.values(layer + name, {hidden});
  };
  return {.layer_norm1 = norm(names.norm1),
          .qkv = load_qkv(loader, tower, layer),
          .projection = linear(names.projection, hidden, hidden),
          .scale1 = scale(names.scale1),
          .layer_norm2 = norm(names.norm2),
          .fc1 = linear(names.fc1, tower.fc1_outputs(), hidden),
          .fc2 = linear(names.fc2, hidden, tower.intermediate_size),
          .scale2 = scale(names.scale2)};
}

// What a block adds to the residual stream. in: [P, C, 16], residual: [P, E, 16] → out: [P, E, 16]
// = residual + scale · layer(in), without a scale if it is null
void add_block(const float* in, const AttentionShape& shape, const Linear& layer,
               const float* scale, const float* residual, float* out, Context& context) {
  const std::int64_t panels = shape.batch * shape.panels();
  if (scale == nullptr) {
    panel_linear(in, panels, layer, out, context, Epilogue::bias_residual, residual, shape.tokens);
    return;
  }
  panel_linear(in, panels, layer, out, context, Epilogue::bias, nullptr, shape.tokens);
  panel_layer_scale(out, scale, residual, panels, layer.weight.rows, context.threads());
}

// The same of int8 layers.
void add_block(const QuantizedPanels& in, std::int64_t panels, const Linear& layer,
               const float* scale, const float* residual, float* out, Context& context) {
  if (scale == nullptr) {
    int8_linear(in, panels, layer, out, context, Epilogue::bias_residual, residual);
    return;
  }
  int8_linear(in, panels, layer, out, context);
  panel_layer_scale(out, scale, residual, panels, layer.weight.rows, context.threads());
}

}  // namespace

VisionModel::VisionModel(WeightLoader& loader, const VisionTransformer& tower)
    : tower_(tower), activation_(epilogue_of(tower.activation)), patch_embedding_(loader, tower) {
  load_tokens(loader);
  load_positions(loader);
  if (tower.names.norm_before != nullptr) {
    norm_before_ = loader.layer_norm(tower.prefix + tower.names.norm_before, tower.hidden_size,
                                     tower.layer_norm_eps);
  }
  for (int i = 0; i < tower.num_hidden_layers; ++i) {
    layers_.push_back(load_layer(loader, tower, tower.layer_prefix(i)));
  }
  last_norm_ = loader.layer_norm(tower.prefix + tower.names.last_norm, tower.hidden_size,
                                 tower.layer_norm_eps);
}

void VisionModel::load_tokens(WeightLoader& loader) {
  const std::int64_t hidden = tower_.hidden_size;
  for (const char* name : {tower_.names.class_token, tower_.names.distillation_token}) {
    if (name == nullptr) continue;
    read_tokens_.push_back(tower_.class_token_is_vector
                               ? loader.values(tower_.prefix + name, {hidden})
                               : loader.values(tower_.prefix + name, {1, 1, hidden}));
  }
  if (tower_.names.register_tokens != nullptr) {
    register_tokens_ = loader.values(tower_.prefix + tower_.names.register_tokens,
                                     {1, tower_.num_register_tokens, hidden});
  }
}

void VisionModel::load_positions(WeightLoader& loader) {
  const std::string name = tower_.prefix + tower_.names.positions;
  const std::int64_t hidden = tower_.hidden_size;
  const std::int64_t grid = tower_.grid();
  const std::int64_t kept = tower_.positioned_tokens();
  if (tower_.positions_are_matrix) {
    position_embedding_ = loader.values(name, {kept + grid * grid, hidden});
    return;
  }
  const std::vector<std::int64_t> shape = loader.shape_of(name);
  const std::int64_t rows = shape.size() == 3 ? shape[1] : 0;
  const auto stored_grid = static_cast<std::int64_t>(
      std::sqrt(static_cast<double>(std::max<std::int64_t>(rows - kept, 0))));
  if (!tower_.resamples_stored_positions || stored_grid == 0 || stored_grid == grid ||
      stored_grid * stored_grid + kept != rows) {
    position_embedding_ = loader.values(name, {1, kept + grid * grid, hidden});
    return;
  }
  if (grid * grid > std::min(kMaxResampledPatches, kMaxResampledNumbers / hidden)) {
    loader.refuse(name,
                  "has positions of " + std::to_string(stored_grid * stored_grid) +
                      " patches, and config.json asks for " + std::to_string(grid * grid) +
                      ", which is more than any model has",
                  ErrorCode::limit_exceeded);
  }
  const float* stored = loader.values(name, {1, rows, hidden});
  resampled_positions_.resize(static_cast<std::size_t>((kept + grid * grid) * hidden));
  interpolate_position_embedding(stored, stored_grid, hidden, grid, grid,
                                 resampled_positions_.data(), kept);
  position_embedding_ = resampled_positions_.data();
}

PatchEmbedding::Grid VisionModel::grid(std::int64_t height, std::int64_t width) const {
  return patch_embedding_.grid(height, width);
}

std::int64_t VisionModel::token_count(std::int64_t height, std::int64_t width) const {
  return grid(height, width).patches() + tower_.leading_tokens();
}

// positions: [positioned, E] → rows: [leading, E]
void VisionModel::write_leading_tokens(const float* positions, float* rows) const {
  const std::int64_t hidden = tower_.hidden_size;
  for (const float* token : read_tokens_) {
    std::copy_n(token, hidden, rows);
    if (tower_.tokens_have_positions) {
      for (std::int64_t i = 0; i < hidden; ++i) rows[i] += positions[i];
      positions += hidden;
    }
    rows += hidden;
  }
  std::copy_n(register_tokens_, tower_.num_register_tokens * hidden, rows);
}

void VisionModel::embed(const float* pixels, std::int64_t batch, std::int64_t height,
                        std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = tower_.hidden_size;
  const PatchEmbedding::Grid grid = patch_embedding_.grid(height, width);
  const std::int64_t patches = grid.patches();
  const std::int64_t leading = tower_.leading_tokens();
  const std::int64_t positioned = tower_.positioned_tokens();
  const std::int64_t tokens = leading + patches;

  const float* positions = position_embedding_;
  if (height != tower_.image_size || width != tower_.image_size) {
    auto* interpolated = context.scratch().allocate<float>(
        static_cast<std::size_t>((positioned + patches) * hidden));
    interpolate_position_embedding(position_embedding_, tower_.grid(), hidden, grid.height,
                                   grid.width, interpolated, positioned, tower_.resampling);
    positions = interpolated;
  }

  auto* embedded =
      context.scratch().allocate<float>(static_cast<std::size_t>(batch * patches * hidden));
  patch_embedding_.embed(pixels, batch, height, width, embedded, context);

  auto* rows = context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
  const std::int64_t image_size = panel_count(tokens) * kPanelTokens * hidden;
  write_leading_tokens(positions, rows);
  float* const patch_rows = rows + leading * hidden;
  const float* const patch_positions = positions + positioned * hidden;
  for (std::int64_t image = 0; image < batch; ++image) {
    const float* source = embedded + image * patches * hidden;
    for (std::int64_t i = 0; i < patches * hidden; ++i) {
      patch_rows[i] = source[i] + patch_positions[i];
    }
    rows_to_panels(rows, tokens, hidden, out + image * image_size, context.threads());
  }
}

void VisionModel::encode(const float* pixels, std::int64_t batch, std::int64_t height,
                         std::int64_t width, float* out, Context& context) const {
  const std::int64_t tokens = token_count(height, width);
  const std::int64_t at_once = std::max<std::int64_t>(1, kPanelsAtOnce / panel_count(tokens));
  for (std::int64_t first = 0; first < batch; first += at_once) {
    encode_together(pixels + first * kColours * height * width, std::min(at_once, batch - first),
                    height, width, out + first * tokens * tower_.hidden_size, context);
  }
}

void VisionModel::encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                                  std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = tower_.hidden_size;
  const std::int64_t tokens = token_count(height, width);
  const std::int64_t image_size = panel_count(tokens) * kPanelTokens * hidden;
  auto* x = context.scratch().allocate<float>(static_cast<std::size_t>(batch * image_size));
  embed(pixels, batch, height, width, x, context);

  const AttentionShape shape{.batch = batch,
                             .tokens = tokens,
                             .heads = tower_.num_attention_heads,
                             .head_size = hidden / tower_.num_attention_heads};
  const std::int64_t panels = batch * shape.panels();
  if (norm_before_.weight != nullptr) {
    panel_layer_norm(x, norm_before_, panels, hidden, x, context.threads());
  }
  if (takes_quantized_inputs() && can_attend_in_int8(shape)) {
    run_int8_layers(shape, x, context);
  } else {
    run_layers(shape, x, context);
  }
  if (tower_.last_norm == LastNorm::all_tokens) {
    panel_layer_norm(x, last_norm_, panels, hidden, x, context.threads());
  }
  for (std::int64_t image = 0; image < batch; ++image) {
    panels_to_rows(x + image * image_size, tokens, hidden, out + image * tokens * hidden,
                   context.threads());
  }
}

// x: [B * P, E, 16] → x
void VisionModel::run_layers(const AttentionShape& shape, float* x, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = tower_.hidden_size;
  const std::int64_t inner = tower_.intermediate_size;
  const std::int64_t panels = shape.batch * shape.panels();
  const auto allocate = [&](std::int64_t channels) {
    return context.scratch().allocate<float>(
        static_cast<std::size_t>(panels * channels * kPanelTokens));
  };
  float* sum = allocate(hidden);     // x and what attention adds to it
  float* normal = allocate(hidden);  // layer norm's output, then attention's
  float* wide = allocate(std::max(3 * hidden, tower_.fc1_outputs()));
  float* gated = tower_.swiglu ? allocate(inner) : wide;
  const auto multiply = [&](const float* in, const Linear& layer, float* out,
                            Epilogue epilogue = Epilogue::bias) {
    panel_linear(in, panels, layer, out, context, epilogue, nullptr, shape.tokens);
  };

  for (const VisionLayer& layer : layers_) {
    panel_layer_norm(x, layer.layer_norm1, panels, hidden, normal, context.threads());
    multiply(normal, layer.qkv, wide);
    panel_attention(wide, shape, normal, context);
    add_block(normal, shape, layer.projection, layer.scale1, x, sum, context);

    panel_layer_norm(sum, layer.layer_norm2, panels, hidden, normal, context.threads());
    if (tower_.swiglu) {
      multiply(normal, layer.fc1, wide);
      panel_swiglu(wide, panels, inner, gated, context.threads());
    } else {
      multiply(normal, layer.fc1, wide, activation_);
    }
    add_block(gated, shape, layer.fc2, layer.scale2, sum, x, context);
  }
}

// The same with int8 weights and activations: float32 is what the residual stream is held in.
void VisionModel::run_int8_layers(const AttentionShape& shape, float* x, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  Scratch& scratch = context.scratch();
  const std::int64_t hidden = tower_.hidden_size;
  const std::int64_t panels = shape.batch * shape.panels();
  const auto allocate = [&](std::int64_t channels) {
    return scratch.allocate<float>(static_cast<std::size_t>(panels * channels * kPanelTokens));
  };
  auto* sum = allocate(hidden);
  auto* attended = allocate(hidden);
  QuantizedPanels input = allocate_quantized_panels(scratch, panels, hidden);
  QuantizedPanels inner = allocate_quantized_panels(scratch, panels, tower_.intermediate_size);
  input.sequence_tokens = inner.sequence_tokens = shape.tokens;
  const AttentionOperands operands = allocate_attention_operands(scratch, shape);
  float* wide = tower_.swiglu ? allocate(tower_.fc1_outputs()) : nullptr;
  float* gated = tower_.swiglu ? allocate(tower_.intermediate_size) : nullptr;

  for (const VisionLayer& layer : layers_) {
    panel_layer_norm(x, layer.layer_norm1, panels, input, context);
    int8_attention_inputs(input, layer.qkv, operands, context);
    int8_attention(operands, attended, context);
    quantize_panels(attended, panels, input, context.threads());
    add_block(input, panels, layer.projection, layer.scale1, x, sum, context);

    panel_layer_norm(sum, layer.layer_norm2, panels, input, context);
    if (tower_.swiglu) {
      int8_linear(input, panels, layer.fc1, wide, context);
      panel_swiglu(wide, panels, tower_.intermediate_size, gated, context.threads());
      quantize_panels(gated, panels, inner, context.threads());
    } else {
      int8_linear(input, panels, layer.fc1, inner, context, activation_);
    }
    add_block(inner, panels, layer.fc2, layer.scale2, sum, x, context);
  }
}

bool VisionModel::takes_quantized_inputs() const {
  return std::all_of(layers_.begin(), layers_.end(), [](const VisionLayer& layer) {
    return takes_quantized_input(layer.qkv) && takes_quantized_input(layer.projection) &&
           takes_quantized_input(layer.fc1) && takes_quantized_input(layer.fc2);
  });
}

void VisionModel::pool(const float* state, float* out) const {
  layer_norm(state, last_norm_, 1, tower_.hidden_size, out);
}

}  // namespace blip
