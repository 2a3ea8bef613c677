#include "tasks/clip_towers.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "architectures/clip/towers.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/logit_scale.hpp"

namespace blip {
namespace {

constexpr TokenId kOpenAiEos = 2;  // in configurations written before the id was looked at

// Where a text's features are read.
std::size_t pooled_row(const std::vector<TokenId>& text, TokenId eos) {
  const auto found = eos == kOpenAiEos ? std::max_element(text.begin(), text.end())
                                       : std::find(text.begin(), text.end(), eos);
  return found == text.end() ? 0 : static_cast<std::size_t>(found - text.begin());
}

// transformers 5 writes a tower alone without the prefix, earlier versions with.
std::string prefix_of_tower(const WeightLoader& loader, const char* prefix, const char* tensor,
                            bool is_alone) {
  return !is_alone || loader.contains(std::string(prefix) + tensor) ? prefix : "";
}

std::optional<Linear> load_projection(WeightLoader& loader, const char* name,
                                      std::optional<std::int64_t> outputs, std::int64_t inputs) {
  if (!outputs) return std::nullopt;
  return Linear{loader.matrix(name, {*outputs, inputs}), nullptr};
}

}  // namespace

float load_clip_logit_scale(WeightLoader& loader) {
  const bool is_scalar = loader.shape_of(kClipLogitScale).empty();
  const float value =
      is_scalar ? *loader.values(kClipLogitScale, {}) : *loader.values(kClipLogitScale, {1});
  return checked_logit_scale(loader, kClipLogitScale, value);
}

ClipImages::ClipImages(WeightLoader& loader, const CLIPVisionConfig& config,
                       std::optional<std::int64_t> projection_dim)
    : vision(loader, vision_transformer_of(
                         config, prefix_of_tower(loader, kClipVisionPrefix,
                                                 "embeddings.class_embedding", !projection_dim))),
      projection(
          load_projection(loader, kClipVisualProjection, projection_dim, config.hidden_size)) {}

Tensor ClipImages::pooled(std::span<const EncodedImage> images) const {
  const std::int64_t width = vision.hidden_size();
  Tensor tokens{{std::ssize(images), width}, class_tokens(images, width)};
  for (std::size_t i = 0; i < images.size(); ++i) {
    float* token = tokens.data.data() + i * static_cast<std::size_t>(width);
    vision.pool(token, token);
  }
  return tokens;
}

Tensor ClipImages::features(std::span<const EncodedImage> images, Context& context) const {
  const Tensor tokens = pooled(images);
  return project(tokens.data.data(), std::ssize(images), *projection, context);
}

ClipTexts::ClipTexts(WeightLoader& loader, const CLIPTextConfig& config,
                     std::optional<std::int64_t> projection_dim)
    : text(loader,
           text_transformer_of(
               config, prefix_of_tower(loader, kClipTextPrefix,
                                       "embeddings.position_embedding.weight", !projection_dim))),
      projection(load_projection(loader, kClipTextProjection, projection_dim, config.hidden_size)),
      eos(config.eos_token_id) {}

Tensor ClipTexts::pooled(std::span<const std::vector<TokenId>> texts, Context& context) const {
  std::vector<std::size_t> rows;
  rows.reserve(texts.size());
  for (const std::vector<TokenId>& ids : texts) rows.push_back(pooled_row(ids, eos));
  const std::int64_t hidden = text.description().hidden_size;
  Tensor states{{std::ssize(texts), hidden}, {}};
  states.data.resize(texts.size() * static_cast<std::size_t>(hidden));
  text.encode_rows(texts, rows, states.data.data(), context);
  return states;
}

Tensor ClipTexts::features(std::span<const std::vector<TokenId>> texts, Context& context) const {
  const Tensor states = pooled(texts, context);
  return project(states.data.data(), std::ssize(texts), *projection, context);
}

Tensor ClipTexts::states(std::span<const TokenId> ids, Context& context) const {
  const std::vector<TokenId> row(ids.begin(), ids.end());
  const std::int64_t hidden = text.description().hidden_size;
  Tensor states{{std::ssize(row), hidden}, {}};
  states.data.resize(row.size() * static_cast<std::size_t>(hidden));
  text.encode(std::span(&row, 1), states.data.data(), context);
  return states;
}

}  // namespace blip
