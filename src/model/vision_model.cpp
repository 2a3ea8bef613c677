#include "model/vision_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/panel_attention.hpp"
#include "kernels/float/panel_layer_norm.hpp"
#include "kernels/float/panel_linear.hpp"
#include "kernels/int8/int8_attention.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/linear.hpp"
#include "model/colours.hpp"
#include "model/position_embedding.hpp"

namespace blip {
namespace {

VisionLayer load_layer(WeightLoader& loader, const BlipVisionConfig& config,
                       const std::string& prefix) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t inner = config.intermediate_size;
  return {
      .layer_norm1 = loader.layer_norm(prefix + "layer_norm1", hidden, config.layer_norm_eps),
      .qkv = loader.linear(prefix + "self_attn.qkv", 3 * hidden, hidden, Int8Inputs::quantized),
      .projection =
          loader.linear(prefix + "self_attn.projection", hidden, hidden, Int8Inputs::quantized),
      .layer_norm2 = loader.layer_norm(prefix + "layer_norm2", hidden, config.layer_norm_eps),
      .fc1 = loader.linear(prefix + "mlp.fc1", inner, hidden, Int8Inputs::quantized),
      .fc2 = loader.linear(prefix + "mlp.fc2", hidden, inner, Int8Inputs::quantized),
  };
}

}  // namespace

VisionModel::VisionModel(WeightLoader& loader, const BlipVisionConfig& config,
                         const std::string& prefix)
    : config_(config), patch_embedding_(loader, config, prefix + "embeddings.") {
  const std::string embeddings = prefix + "embeddings.";
  class_embedding_ = loader.values(embeddings + "class_embedding", {1, 1, config.hidden_size});
  load_positions(loader, embeddings + "position_embedding");
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    layers_.push_back(
        load_layer(loader, config, prefix + "encoder.layers." + std::to_string(i) + "."));
  }
  post_layernorm_ =
      loader.layer_norm(prefix + "post_layernorm", config.hidden_size, config.layer_norm_eps);
}

// A checkpoint trained at another image size than config.json gives (Salesforce's VQA model: 480
// px, run at 384) has another grid, which is resampled as their own loader does.
void VisionModel::load_positions(WeightLoader& loader, const std::string& name) {
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t grid = config_.grid(config_.image_size);
  const std::vector<std::int64_t> shape = loader.shape_of(name);
  const std::int64_t rows = shape.size() == 3 ? shape[1] : 0;
  const auto stored_grid = static_cast<std::int64_t>(
      std::sqrt(static_cast<double>(std::max<std::int64_t>(rows - 1, 0))));
  if (stored_grid == 0 || stored_grid == grid || stored_grid * stored_grid + 1 != rows) {
    position_embedding_ = loader.values(name, {1, grid * grid + 1, hidden});
    return;
  }
  const float* stored = loader.values(name, {1, rows, hidden});
  resampled_positions_.resize(static_cast<std::size_t>((grid * grid + 1) * hidden));
  interpolate_position_embedding(stored, stored_grid, hidden, grid, grid,
                                 resampled_positions_.data());
  position_embedding_ = resampled_positions_.data();
}

PatchEmbedding::Grid VisionModel::grid(std::int64_t height, std::int64_t width) const {
  return patch_embedding_.grid(height, width);
}

std::int64_t VisionModel::token_count(std::int64_t height, std::int64_t width) const {
  return grid(height, width).patches() + 1;
}

void VisionModel::embed(const float* pixels, std::int64_t batch, std::int64_t height,
                        std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = config_.hidden_size;
  const PatchEmbedding::Grid grid = patch_embedding_.grid(height, width);
  const std::int64_t patches = grid.patches();
  const std::int64_t tokens = patches + 1;

  const float* positions = position_embedding_;
  if (height != config_.image_size || width != config_.image_size) {
    auto* interpolated =
        context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
    interpolate_position_embedding(position_embedding_, config_.grid(config_.image_size), hidden,
                                   grid.height, grid.width, interpolated);
    positions = interpolated;
  }

  auto* embedded =
      context.scratch().allocate<float>(static_cast<std::size_t>(batch * patches * hidden));
  patch_embedding_.embed(pixels, batch, height, width, embedded, context);

  auto* rows = context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
  const std::int64_t image_size = panel_count(tokens) * kPanelTokens * hidden;
  for (std::int64_t image = 0; image < batch; ++image) {
    for (std::int64_t i = 0; i < hidden; ++i) rows[i] = class_embedding_[i] + positions[i];
    const float* source = embedded + image * patches * hidden;
    for (std::int64_t i = 0; i < patches * hidden; ++i) {
      rows[hidden + i] = source[i] + positions[hidden + i];
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
                    height, width, out + first * tokens * config_.hidden_size, context);
  }
}

void VisionModel::encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                                  std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t tokens = token_count(height, width);
  const std::int64_t image_size = panel_count(tokens) * kPanelTokens * hidden;
  auto* x = context.scratch().allocate<float>(static_cast<std::size_t>(batch * image_size));
  embed(pixels, batch, height, width, x, context);

  const AttentionShape shape{.batch = batch,
                             .tokens = tokens,
                             .heads = config_.num_attention_heads,
                             .head_size = hidden / config_.num_attention_heads};
  if (takes_quantized_inputs() && can_attend_in_int8(shape)) {
    run_int8_layers(shape, x, context);
  } else {
    run_layers(shape, x, context);
  }
  panel_layer_norm(x, post_layernorm_, batch * shape.panels(), hidden, x, context.threads());
  for (std::int64_t image = 0; image < batch; ++image) {
    panels_to_rows(x + image * image_size, tokens, hidden, out + image * tokens * hidden,
                   context.threads());
  }
}

// x: [B * P, E, 16] → x
void VisionModel::run_layers(const AttentionShape& shape, float* x, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t panels = shape.batch * shape.panels();
  const auto allocate = [&](std::int64_t channels) {
    return context.scratch().allocate<float>(
        static_cast<std::size_t>(panels * channels * kPanelTokens));
  };
  float* sum = allocate(hidden);     // x and what attention adds to it
  float* normal = allocate(hidden);  // layer norm's output, then attention's
  float* wide = allocate(std::max<std::int64_t>(3 * hidden, config_.intermediate_size));

  for (const VisionLayer& layer : layers_) {
    panel_layer_norm(x, layer.layer_norm1, panels, hidden, normal, context.threads());
    panel_linear(normal, panels, layer.qkv, wide, context);
    panel_attention(wide, shape, normal, context);
    panel_linear(normal, panels, layer.projection, sum, context, Epilogue::bias_residual, x);

    panel_layer_norm(sum, layer.layer_norm2, panels, hidden, normal, context.threads());
    panel_linear(normal, panels, layer.fc1, wide, context, Epilogue::bias_gelu);
    panel_linear(wide, panels, layer.fc2, x, context, Epilogue::bias_residual, sum);
  }
}

// The same with int8 weights and activations: float32 is what the residual stream is held in.
void VisionModel::run_int8_layers(const AttentionShape& shape, float* x, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  Scratch& scratch = context.scratch();
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t panels = shape.batch * shape.panels();
  const auto size = static_cast<std::size_t>(panels * hidden * kPanelTokens);
  auto* sum = scratch.allocate<float>(size);
  auto* attended = scratch.allocate<float>(size);
  const QuantizedPanels input = allocate_quantized_panels(scratch, panels, hidden);
  const QuantizedPanels inner =
      allocate_quantized_panels(scratch, panels, config_.intermediate_size);
  const AttentionOperands operands = allocate_attention_operands(scratch, shape);

  for (const VisionLayer& layer : layers_) {
    panel_layer_norm(x, layer.layer_norm1, panels, input, context);
    int8_attention_inputs(input, layer.qkv, operands, context);
    int8_attention(operands, attended, context);
    quantize_panels(attended, panels, input, context.threads());
    int8_linear(input, panels, layer.projection, sum, context, Epilogue::bias_residual, x);

    panel_layer_norm(sum, layer.layer_norm2, panels, input, context);
    int8_linear(input, panels, layer.fc1, inner, context, Epilogue::bias_gelu);
    int8_linear(inner, panels, layer.fc2, x, context, Epilogue::bias_residual, sum);
  }
}

bool VisionModel::takes_quantized_inputs() const {
  return std::all_of(layers_.begin(), layers_.end(), [](const VisionLayer& layer) {
    return takes_quantized_input(layer.qkv) && takes_quantized_input(layer.projection) &&
           takes_quantized_input(layer.fc1) && takes_quantized_input(layer.fc2);
  });
}

void VisionModel::pool(const float* state, float* out) const {
  layer_norm(state, post_layernorm_, 1, config_.hidden_size, out);
}

}  // namespace blip
