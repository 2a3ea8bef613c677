#include "tasks/grad_cam_maps.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "tasks/image_memory.hpp"

namespace blip {
namespace {

// LAVIS' demonstrations look at layer 7 of the 12 that BERT base has.
constexpr int kUsualLayer = 7;
constexpr int kUsualLayers = 12;

// Below the last, where words have no way to the matching head any more.
int usual_layer(int layers) {
  return std::max(0, std::min(layers * kUsualLayer / kUsualLayers, layers - 2));
}

void require_place(int place, int count, std::string_view what) {
  if (place >= 0 && place < count) return;
  throw Error(ErrorCode::invalid_argument, std::string(what) + " " + std::to_string(place) +
                                               " is outside the text model's " +
                                               std::to_string(count) + ", which count from 0");
}

}  // namespace

GradCamMaps::GradCamMaps(std::span<const TokenId> tokens, const EncodedImage& image,
                         const GradCamOptions& options, const BlipTextConfig& config)
    : layer_(options.layer.value_or(usual_layer(config.num_hidden_layers))),
      head_(options.head),
      heads_(config.num_attention_heads) {
  require_place(static_cast<int>(layer_), config.num_hidden_layers, "layer");
  if (options.head) require_place(*options.head, config.num_attention_heads, "head");
  const PatchEmbedding::Grid grid = patch_grid(image);
  patches_ = static_cast<std::size_t>(grid.patches());
  const auto count = static_cast<std::int64_t>(tokens.size());
  result_.tokens.assign(tokens.begin(), tokens.end());
  result_.maps = {{count, grid.height, grid.width}, std::vector<float>(tokens.size() * patches_)};
  result_.mean = {{grid.height, grid.width}, std::vector<float>(patches_)};
}

GradCamRows GradCamMaps::rows_of(const TextActivations& text, std::span<const float> gradients,
                                 const CrossAttentionCache& image) const {
  return {text.of_layer(layer_), gradients, text.tokens, heads_, image, head_};
}

std::span<float> GradCamMaps::map(std::size_t token) {
  return std::span(result_.maps.data).subspan(token * patches_, patches_);
}

GradCam GradCamMaps::finish(double score) && {
  const auto count = static_cast<float>(result_.tokens.size());
  for (std::size_t token = 0; token < result_.tokens.size(); ++token) {
    const std::span<const float> own = map(token);
    for (std::size_t patch = 0; patch < patches_; ++patch) {
      result_.mean.data[patch] += own[patch] / count;
    }
  }
  result_.score = static_cast<float>(score);
  return std::move(result_);
}

std::vector<ChosenToken> chosen_tokens(std::span<const TokenId> sequence, std::size_t given,
                                       const BlipTextConfig& config) {
  if (given == 0 || given > sequence.size()) {
    throw Error(ErrorCode::invalid_argument, "a sequence of " + std::to_string(sequence.size()) +
                                                 " tokens cannot begin with a prompt of " +
                                                 std::to_string(given));
  }
  std::vector<ChosenToken> tokens;
  for (std::size_t i = given; i < sequence.size(); ++i) {
    if (i + 1 == sequence.size() && sequence[i] == config.sep_token_id) break;
    if (sequence[i] < 0 || sequence[i] >= config.vocab_size) {
      throw Error(ErrorCode::invalid_argument, "token id " + std::to_string(sequence[i]) +
                                                   " is outside the model's vocabulary of " +
                                                   std::to_string(config.vocab_size));
    }
    tokens.push_back({static_cast<std::int64_t>(i) - 1, sequence[i]});
  }
  return tokens;
}

std::vector<TokenId> ids_of(std::span<const ChosenToken> tokens) {
  std::vector<TokenId> ids;
  ids.reserve(tokens.size());
  for (const ChosenToken& token : tokens) ids.push_back(token.id);
  return ids;
}

std::size_t losses_together(std::int64_t tokens) {
  // As many rows keep the products busy; more only take memory.
  constexpr std::int64_t kRowsTogether = 1024;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, kRowsTogether / tokens));
}

}  // namespace blip
