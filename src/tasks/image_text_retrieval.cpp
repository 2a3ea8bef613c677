#include "blip/image_text_retrieval.hpp"

#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"
#include "kernels/layout/convert.hpp"
#include "model/text_encoder.hpp"
#include "model/text_gradients.hpp"
#include "model/vision_model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/grad_cam_maps.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_files.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

struct BlipForImageTextRetrieval::Model {
  ModelFiles files;
  VisionModel vision;
  TextModel encoder;
  Linear vision_proj;  // [D, E]
  Linear text_proj;    // [D, H]
  Linear itm_head;     // [2, H]
};

BlipForImageTextRetrieval::BlipForImageTextRetrieval(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

BlipForImageTextRetrieval BlipForImageTextRetrieval::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ModelOpener opener(model, options, kBlipForImageTextRetrieval);
  WeightLoader& loader = opener.loader();
  const BlipConfig& config = opener.config();
  VisionModel vision(loader, vision_transformer_of(config.vision_config, "vision_model."));
  TextModel encoder =
      load_text_model(loader, config.text_config, "text_encoder.", Int8Inputs::quantized);
  const std::int64_t width = config.image_text_hidden_size;
  const Linear vision_proj = loader.linear("vision_proj", width, config.vision_config.hidden_size);
  const Linear text_proj = loader.linear("text_proj", width, config.text_config.hidden_size);
  const Linear itm_head = loader.linear("itm_head", 2, config.text_config.hidden_size);
  return BlipForImageTextRetrieval(std::make_shared<const Model>(Model{
      opener.finish(), std::move(vision), std::move(encoder), vision_proj, text_proj, itm_head}));
}

const BlipConfig& BlipForImageTextRetrieval::config() const noexcept {
  return model_->files.config;
}

const std::vector<std::string>& BlipForImageTextRetrieval::ignored_tensors() const noexcept {
  return model_->files.ignored_tensors;
}

std::vector<EncodedImage> BlipForImageTextRetrieval::encode_images(TensorView pixel_values,
                                                                   Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

Tensor BlipForImageTextRetrieval::get_image_features(std::span<const EncodedImage> images,
                                                     Context& context) const {
  const std::vector<float> tokens = class_tokens(images, model_->vision.hidden_size());
  Tensor features = project(tokens.data(), static_cast<std::int64_t>(images.size()),
                            model_->vision_proj, context);
  normalize_rows(features);
  return features;
}

Tensor BlipForImageTextRetrieval::get_text_features(std::span<const std::vector<TokenId>> texts,
                                                    TextStyle style, Context& context) const {
  const BlipTextConfig& config = model_->encoder.config;
  const TokenRows rows = texts_for_encoder(texts, style, false, config);
  std::vector<float> states(rows.size() * static_cast<std::size_t>(config.hidden_size));
  encode_first_tokens(model_->encoder, rows, {}, states.data(), context);
  Tensor features =
      project(states.data(), static_cast<std::int64_t>(rows.size()), model_->text_proj, context);
  normalize_rows(features);
  return features;
}

Tensor BlipForImageTextRetrieval::itm_logits(std::span<const EncodedImage> images,
                                             std::span<const std::vector<TokenId>> texts,
                                             TextStyle style, Context& context) const {
  const BlipTextConfig& config = model_->encoder.config;
  const std::size_t pairs = count_pairs(images.size(), texts.size(), "texts");
  if (pairs == 0) return {{0, 2}, {}};
  const TokenRows rows = texts_for_encoder(spread(texts, pairs), style, true, config);
  const auto caches = read_images(images, model_->encoder, model_, context);
  const auto read = spread<const CrossAttentionCache*>(pointers_to(caches), pairs);
  std::vector<float> states(pairs * static_cast<std::size_t>(config.hidden_size));
  encode_first_tokens(model_->encoder, rows, read, states.data(), context);
  return project(states.data(), static_cast<std::int64_t>(pairs), model_->itm_head, context);
}

std::vector<ImageTextMatch> BlipForImageTextRetrieval::match(
    std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> texts,
    TextStyle style, Context& context) const {
  const Tensor logits = itm_logits(images, texts, style, context);
  const Tensor image_features = get_image_features(images, context);
  const Tensor text_features = get_text_features(texts, style, context);
  std::vector<ImageTextMatch> matches;
  const auto pairs = static_cast<std::size_t>(logits.shape.front());
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const auto classes = row_of(logits, pair);
    matches.push_back({.itm_logit = classes[1],
                       .itm_probability = probability_of_second(classes),
                       .itc = dot(row_of(image_features, images.size() == 1 ? 0 : pair),
                                  row_of(text_features, texts.size() == 1 ? 0 : pair))});
  }
  return matches;
}

GradCam BlipForImageTextRetrieval::grad_cam(const EncodedImage& image,
                                            const std::vector<TokenId>& text, TextStyle style,
                                            const GradCamOptions& options, Context& context) const {
  const TextModel& encoder = model_->encoder;
  const TokenRows rows = texts_for_encoder(std::span(&text, 1), style, true, encoder.config);
  const std::span<const TokenId> words = inner_tokens(rows.front());
  GradCamMaps maps(words, image, options, encoder.config);
  const auto caches = read_images(std::span(&image, 1), encoder, model_, context);
  const CrossAttentionCache& read = *caches.front();
  const TextActivations recorded =
      record_text(encoder, rows.front(), read, TextAttention::whole_text, maps.layer(), context);

  // The head reads the first token, so the gradient of the logit there is the head's row.
  StateGradients gradients{1, std::vector<float>(recorded.states.size())};
  convert_rows_to_f32(model_->itm_head.weight, 1, 1, gradients.values.data());
  const std::vector<float> of_probabilities = image_attention_gradient(
      encoder, recorded, read, maps.layer(), std::move(gradients), context);
  const GradCamRows attention = maps.rows_of(recorded, of_probabilities, read);
  for (std::size_t i = 0; i < words.size(); ++i) {
    attention.add(0, static_cast<std::int64_t>(i) + 1, 1, maps.map(i));
  }
  const Tensor logits = project(recorded.states.data(), 1, model_->itm_head, context);
  return std::move(maps).finish(static_cast<double>(logits.data[1]));
}

}  // namespace blip
