#include "blip/nlvr.hpp"

#include <algorithm>
#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"
#include "blip/error.hpp"
#include "model/text_encoder.hpp"
#include "model/twin_cross_attention.hpp"
#include "model/vision_model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_files.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

struct BlipForNLVR::Model {
  ModelFiles files;
  VisionModel vision;
  TextModel encoder;
  std::vector<TwinCrossAttention> cross_attention;
  Linear hidden;      // cls_head.0: [H, H], then ReLU
  Linear classifier;  // cls_head.2: [2, H]

  // What one branch of every layer reads of its images. The branches are told apart, as readers, by
  // their weights in the first layer.
  [[nodiscard]] std::vector<std::shared_ptr<const CrossAttentionCache>> read(
      std::span<const EncodedImage> images, std::size_t branch,
      const std::shared_ptr<const void>& owner, Context& context) const {
    return read_images(
        images, encoder.config.encoder_hidden_size, &cross_attention.front().branches.at(branch),
        owner, [&](const Tensor& states) {
          return std::move(attend_to_twin(cross_attention, branch, states.data.data(),
                                          std::span(states.shape.data(), 1),
                                          encoder.config.num_attention_heads, context)
                               .front());
        });
  }
};

BlipForNLVR::BlipForNLVR(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

BlipForNLVR BlipForNLVR::from_pretrained(const std::filesystem::path& model,
                                         const LoadOptions& options) {
  ModelOpener opener(model, options, kBlipForNLVR);
  WeightLoader& loader = opener.loader();
  const BlipTextConfig& config = opener.config().text_config;
  VisionModel vision(loader, vision_transformer_of(opener.config().vision_config, "vision_model."));
  TextModel encoder = load_text_model(loader, config, "text_encoder.", Int8Inputs::quantized,
                                      CrossAttentionWeights::none);
  auto cross_attention = load_twin_cross_attention(loader, config, "text_encoder.");
  const Linear hidden = loader.linear("cls_head.0", config.hidden_size, config.hidden_size);
  const Linear classifier = loader.linear("cls_head.2", 2, config.hidden_size);
  return BlipForNLVR(
      std::make_shared<const Model>(Model{opener.finish(), std::move(vision), std::move(encoder),
                                          std::move(cross_attention), hidden, classifier}));
}

const BlipConfig& BlipForNLVR::config() const noexcept {
  return model_->files.config;
}

const std::vector<std::string>& BlipForNLVR::ignored_tensors() const noexcept {
  return model_->files.ignored_tensors;
}

std::vector<EncodedImage> BlipForNLVR::encode_images(TensorView pixel_values,
                                                     Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

Tensor BlipForNLVR::logits(std::span<const EncodedImage> left, std::span<const EncodedImage> right,
                           std::span<const std::vector<TokenId>> statements,
                           Context& context) const {
  if (left.size() != right.size()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(left.size()) + " left images and " +
                                                 std::to_string(right.size()) + " right ones");
  }
  const BlipTextConfig& config = model_->encoder.config;
  const std::size_t pairs = count_pairs(left.size(), statements.size(), "statements");
  if (pairs == 0) return {{0, 2}, {}};
  TokenRows rows = spread(statements, pairs);
  for (std::vector<TokenId>& row : rows) {
    if (row.empty()) throw Error(ErrorCode::invalid_argument, "a statement has no tokens");
    row.front() = config.bos_token_id + 1;  // [ENC]
  }

  const std::vector<std::int64_t> lengths = lengths_of(rows);
  const auto left_caches = model_->read(left, 0, model_, context);
  const auto right_caches = model_->read(right, 1, model_, context);
  const auto left_groups =
      group_by_cache(lengths, spread<const CrossAttentionCache*>(pointers_to(left_caches), pairs));
  const auto right_groups =
      group_by_cache(lengths, spread<const CrossAttentionCache*>(pointers_to(right_caches), pairs));
  const std::int64_t tokens = count_tokens(rows);
  const CrossAttentionStep attend_to_images = [&](std::int64_t layer, float* x) {
    twin_cross_attention_block(model_->cross_attention[static_cast<std::size_t>(layer)], config,
                               layer, {left_groups, right_groups}, tokens, x, context);
  };

  std::vector<float> states(static_cast<std::size_t>(tokens * config.hidden_size));
  encode_texts(model_->encoder, rows, attend_to_images, states.data(), context);
  std::vector<float> first(pairs * static_cast<std::size_t>(config.hidden_size));
  gather_first_tokens(rows, config.hidden_size, states.data(), first.data());
  const auto count = static_cast<std::int64_t>(pairs);
  Tensor hidden = project(first.data(), count, model_->hidden, context);
  for (float& value : hidden.data) value = std::max(value, 0.0F);
  return project(hidden.data.data(), count, model_->classifier, context);
}

}  // namespace blip
