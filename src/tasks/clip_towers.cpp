#include "tasks/clip_towers.hpp"

#include <algorithm>
#include <iterator>

#include "architectures/clip/towers.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"

namespace blip {
namespace {

constexpr TokenId kOpenAiEos = 2;  // in configurations written before the id was looked at

// Where a text's features are read.
std::size_t pooled_row(const std::vector<TokenId>& text, TokenId eos) {
  const auto found = eos == kOpenAiEos ? std::max_element(text.begin(), text.end())
                                       : std::find(text.begin(), text.end(), eos);
  return found == text.end() ? 0 : static_cast<std::size_t>(found - text.begin());
}

}  // namespace

ClipImages::ClipImages(WeightLoader& loader, const CLIPConfig& config)
    : vision(loader, vision_transformer_of(config.vision_config)),
      projection{loader.matrix(kClipVisualProjection,
                               {config.projection_dim, config.vision_config.hidden_size}),
                 nullptr} {}

Tensor ClipImages::features(std::span<const EncodedImage> images, Context& context) const {
  const std::int64_t width = vision.hidden_size();
  std::vector<float> tokens = class_tokens(images, width);
  for (std::size_t i = 0; i < images.size(); ++i) {
    float* token = tokens.data() + i * static_cast<std::size_t>(width);
    vision.pool(token, token);
  }
  return project(tokens.data(), std::ssize(images), projection, context);
}

ClipTexts::ClipTexts(WeightLoader& loader, const CLIPConfig& config)
    : text(loader, text_transformer_of(config.text_config)),
      projection{loader.matrix(kClipTextProjection,
                               {config.projection_dim, config.text_config.hidden_size}),
                 nullptr},
      eos(config.text_config.eos_token_id) {}

Tensor ClipTexts::features(std::span<const std::vector<TokenId>> texts, Context& context) const {
  std::vector<std::size_t> rows;
  rows.reserve(texts.size());
  for (const std::vector<TokenId>& ids : texts) rows.push_back(pooled_row(ids, eos));
  std::vector<float> pooled(texts.size() *
                            static_cast<std::size_t>(text.description().hidden_size));
  text.encode_rows(texts, rows, pooled.data(), context);
  return project(pooled.data(), std::ssize(texts), projection, context);
}

}  // namespace blip
