#include "blip/conditional_generation.hpp"

#include <algorithm>
#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"
#include "blip/error.hpp"
#include "core/thread_context.hpp"
#include "generate/generate.hpp"
#include "model/text_decoder.hpp"
#include "model/text_gradients.hpp"
#include "model/text_model.hpp"
#include "model/vision_model.hpp"
#include "tasks/decoding.hpp"
#include "tasks/grad_cam_maps.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_files.hpp"
#include "tasks/session.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

struct BlipForConditionalGeneration::Model {
  ModelFiles files;
  VisionModel vision;
  TextModel text;
  LanguageModelHead head;
};

namespace {

// The tokens generation starts from: [DEC], then the prompt without its [CLS] and its last token
// (which is [SEP]). As transformers' BlipForConditionalGeneration.generate, row by row.
TokenRows start_tokens(std::span<const std::vector<TokenId>> prompts, std::size_t images,
                       const BlipTextConfig& config) {
  if (prompts.empty()) return {images, std::vector<TokenId>{config.bos_token_id}};
  if (prompts.size() != images) {
    throw Error(ErrorCode::invalid_argument, std::to_string(prompts.size()) +
                                                 " rows of input_ids for " +
                                                 std::to_string(images) + " images");
  }
  TokenRows starts(prompts.begin(), prompts.end());
  for (std::vector<TokenId>& row : starts) {
    if (row.size() < 2) {
      throw Error(ErrorCode::invalid_argument, "a row of input_ids needs at least [CLS] and [SEP]");
    }
    row.front() = config.bos_token_id;
    row.pop_back();
  }
  return starts;
}

}  // namespace

BlipForConditionalGeneration::BlipForConditionalGeneration(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

BlipForConditionalGeneration BlipForConditionalGeneration::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ModelOpener opener(model, options, kBlipForConditionalGeneration);
  VisionModel vision(opener.loader(),
                     vision_transformer_of(opener.config().vision_config, "vision_model."));
  TextModel text = load_text_model(opener.loader(), opener.config().text_config,
                                   "text_decoder.bert.", Int8Inputs::as_they_are);
  LanguageModelHead head =
      load_language_model_head(opener.loader(), text, "text_decoder.cls.predictions.");
  return BlipForConditionalGeneration(std::make_shared<const Model>(
      Model{opener.finish(), std::move(vision), std::move(text), head}));
}

const BlipConfig& BlipForConditionalGeneration::config() const noexcept {
  return model_->files.config;
}

const std::vector<std::string>& BlipForConditionalGeneration::ignored_tensors() const noexcept {
  return model_->files.ignored_tensors;
}

std::vector<std::vector<TokenId>> BlipForConditionalGeneration::generate(
    const BlipInputs& inputs, const GenerationOptions& options) const {
  return generate(inputs, options, thread_context());
}

std::vector<std::vector<TokenId>> BlipForConditionalGeneration::generate(
    const BlipInputs& inputs, const GenerationOptions& options, Context& context) const {
  return ids_of(generate_sequences(inputs, options, context));
}

std::vector<GeneratedSequence> BlipForConditionalGeneration::generate_sequences(
    const BlipInputs& inputs, const GenerationOptions& options, Context& context,
    const GenerationCallbacks& callbacks) const {
  return generate_sequences(encode_images(inputs.pixel_values, context), inputs.input_ids, options,
                            context, callbacks);
}

std::vector<GeneratedSequence> BlipForConditionalGeneration::generate_sequences(
    std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> prompts,
    const GenerationOptions& options, Context& context,
    const GenerationCallbacks& callbacks) const {
  const TokenRows starts = start_tokens(prompts, images.size(), config().text_config);
  const GenerationSettings settings = decoder_settings(options, config().text_config);
  const auto caches = read_images(images, model_->text, model_, context);
  TextDecoder decoder(model_->text, model_->head, pointers_to(caches), context);
  const DecodeStep step = [&](std::span<const DecodeRow> rows) { return decoder.step(rows); };
  return blip::generate_sequences(step, starts, settings, callbacks);
}

BlipGenerationSession BlipForConditionalGeneration::start_session() const {
  const auto prepare = [model = model_](const EncodedImage& image, const std::vector<TokenId>& text,
                                        Context& context) {
    const std::span<const std::vector<TokenId>> prompts(&text, text.empty() ? 0 : 1);
    TokenRows starts = start_tokens(prompts, 1, model->text.config);
    auto caches = read_images(std::span(&image, 1), model->text, model, context);
    return PreparedRequest{std::move(caches.front()), std::move(starts.front())};
  };
  return start_decoding_session(model_, model_->text, model_->head, prepare);
}

GradCam BlipForConditionalGeneration::grad_cam(const EncodedImage& image,
                                               const std::vector<TokenId>& sequence,
                                               std::size_t prompt, const GradCamOptions& options,
                                               Context& context) const {
  const TextModel& text = model_->text;
  const std::vector<ChosenToken> tokens = chosen_tokens(sequence, prompt, text.config);
  GradCamMaps maps(ids_of(tokens), image, options, text.config);
  if (tokens.empty()) return std::move(maps).finish(0);
  const auto caches = read_images(std::span(&image, 1), text, model_, context);
  const CrossAttentionCache& read = *caches.front();
  // The last token is only predicted.
  const auto fed = std::span(sequence).first(static_cast<std::size_t>(tokens.back().after) + 1);
  const TextActivations recorded =
      record_text(text, fed, read, TextAttention::what_is_before, maps.layer(), context);

  double score = 0;
  const std::size_t together = losses_together(recorded.tokens);
  for (std::size_t first = 0; first < tokens.size(); first += together) {
    const auto some = std::span(tokens).subspan(first, std::min(together, tokens.size() - first));
    StateGradients gradients =
        log_probability_gradients(model_->head, recorded, some, score, context);
    const std::vector<float> of_probabilities =
        image_attention_gradient(text, recorded, read, maps.layer(), std::move(gradients), context);
    const GradCamRows attention = maps.rows_of(recorded, of_probabilities, read);
    for (std::size_t i = 0; i < some.size(); ++i) {
      attention.add(static_cast<std::int64_t>(i), some[i].after, 1, maps.map(first + i));
    }
  }
  return std::move(maps).finish(score);
}

std::vector<EncodedImage> BlipForConditionalGeneration::encode_images(TensorView pixel_values,
                                                                      Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

Tensor BlipForConditionalGeneration::image_features(TensorView pixel_values,
                                                    Context& context) const {
  Tensor features;
  for (const EncodedImage& image : encode_images(pixel_values, context)) {
    const Tensor& states = image.last_hidden_state();
    features.shape = {pixel_values.shape[0], states.shape[0], states.shape[1]};
    features.data.insert(features.data.end(), states.data.begin(), states.data.end());
  }
  return features;
}

Tensor BlipForConditionalGeneration::logits(TensorView image_embeds,
                                            const std::vector<TokenId>& input_ids,
                                            Context& context) const {
  require_matrix(image_embeds, config().vision_config.hidden_size, "image_embeds");
  return teacher_forced_logits(model_->text, model_->head, image_embeds, input_ids, context);
}

}  // namespace blip
