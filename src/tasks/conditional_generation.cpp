#include "blip/conditional_generation.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/scratch.hpp"
#include "generate/generate.hpp"
#include "model/text_decoder.hpp"
#include "model/text_model.hpp"
#include "model/vision_model.hpp"
#include "model/weight_loader.hpp"

namespace blip {

struct BlipForConditionalGeneration::Model {
  Checkpoint checkpoint;  // keeps the mapped weights alive
  ConvertedWeights converted;
  BlipConfig config;
  VisionModel vision;
  TextModel text;
  LanguageModelHead head;
  std::vector<std::string> ignored_tensors;
};

namespace {

struct ImageBatch {
  std::int64_t count;
  std::int64_t height;
  std::int64_t width;
};

// The sizes of pixel_values: [B, 3, H, W], checked against its data.
ImageBatch image_batch(const Tensor& pixel_values) {
  const auto& shape = pixel_values.shape;
  const bool has_four = shape.size() == 4 && shape[1] == 3 &&
                        std::all_of(shape.begin(), shape.end(), [](auto n) { return n > 0; });
  // Compared by division, so that absurd shapes cannot overflow.
  const auto elements = static_cast<std::int64_t>(pixel_values.data.size());
  if (!has_four || elements % shape[3] != 0 || elements / shape[3] % shape[2] != 0 ||
      elements / shape[3] / shape[2] % 3 != 0 || elements / shape[3] / shape[2] / 3 != shape[0]) {
    throw Error(ErrorCode::invalid_argument,
                "pixel_values must be [images, 3, height, width] with that many elements");
  }
  return {shape[0], shape[2], shape[3]};
}

// The tokens generation starts from: [DEC], then the prompt without its [CLS] and its last token
// (which is [SEP]). As transformers' BlipForConditionalGeneration.generate, row by row.
std::vector<std::vector<TokenId>> start_tokens(const BlipInputs& inputs, std::int64_t images,
                                               const BlipTextConfig& config) {
  const auto count = static_cast<std::size_t>(images);
  if (inputs.input_ids.empty()) return {count, std::vector<TokenId>{config.bos_token_id}};
  if (inputs.input_ids.size() != count) {
    throw Error(ErrorCode::invalid_argument, std::to_string(inputs.input_ids.size()) +
                                                 " rows of input_ids for " +
                                                 std::to_string(images) + " images");
  }
  std::vector<std::vector<TokenId>> starts = inputs.input_ids;
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
  const std::filesystem::path directory = resolve_model(model.native());
  const BlipConfig config = BlipConfig::from_pretrained(directory);
  const Checkpoint checkpoint = Checkpoint::open(directory);
  ConvertedWeights converted;
  WeightLoader loader(checkpoint, options.weight_type, converted);
  VisionModel vision(loader, config.vision_config, "vision_model.");
  TextModel text = load_text_model(loader, config.text_config, "text_decoder.bert.");
  LanguageModelHead head = load_language_model_head(loader, text, "text_decoder.cls.predictions.");
  std::vector<std::string> ignored = loader.unused();
  return BlipForConditionalGeneration(std::make_shared<const Model>(
      Model{checkpoint, std::move(converted), config, std::move(vision), std::move(text), head,
            std::move(ignored)}));
}

const BlipConfig& BlipForConditionalGeneration::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& BlipForConditionalGeneration::ignored_tensors() const noexcept {
  return model_->ignored_tensors;
}

std::vector<std::vector<TokenId>> BlipForConditionalGeneration::generate(
    const BlipInputs& inputs, const GenerationOptions& options) const {
  Context context;
  return generate(inputs, options, context);
}

std::vector<std::vector<TokenId>> BlipForConditionalGeneration::generate(
    const BlipInputs& inputs, const GenerationOptions& options, Context& context) const {
  std::vector<std::vector<TokenId>> rows;
  for (GeneratedSequence& sequence : generate_sequences(inputs, options, context)) {
    rows.push_back(std::move(sequence.ids));
  }
  return rows;
}

std::vector<GeneratedSequence> BlipForConditionalGeneration::generate_sequences(
    const BlipInputs& inputs, const GenerationOptions& options, Context& context) const {
  const ImageBatch images = image_batch(inputs.pixel_values);
  const BlipTextConfig& config = model_->config.text_config;
  const auto starts = start_tokens(inputs, images.count, config);
  // transformers generates with the text decoder's own generation configuration, which is always
  // empty for BLIP: generation_config.json and the old fields of config.json do not count.
  const GenerationSettings settings =
      resolve_settings({}, options,
                       {.stop_token_id = config.sep_token_id,
                        .vocab_size = config.vocab_size,
                        .max_position_embeddings = config.max_position_embeddings});

  const std::int64_t tokens = model_->vision.token_count(images.height, images.width);
  const Scratch::Frame frame(context.scratch());
  float* states = context.scratch().allocate<float>(
      static_cast<std::size_t>(images.count * tokens * model_->config.vision_config.hidden_size));
  model_->vision.encode(inputs.pixel_values.data.data(), images.count, images.height, images.width,
                        states, context);
  const CrossAttentionCache cache = model_->text.attend_to(states, images.count, tokens, context);
  TextDecoder decoder(model_->text, model_->head, cache, context);
  const DecodeStep step = [&](std::span<const DecodeRow> rows) { return decoder.step(rows); };
  return blip::generate_sequences(step, starts, settings);
}

Tensor BlipForConditionalGeneration::image_features(const Tensor& pixel_values,
                                                    Context& context) const {
  const ImageBatch images = image_batch(pixel_values);
  const std::int64_t tokens = model_->vision.token_count(images.height, images.width);
  const std::int64_t hidden = model_->config.vision_config.hidden_size;
  Tensor features{{images.count, tokens, hidden}, {}};
  features.data.resize(static_cast<std::size_t>(images.count * tokens * hidden));
  model_->vision.encode(pixel_values.data.data(), images.count, images.height, images.width,
                        features.data.data(), context);
  return features;
}

Tensor BlipForConditionalGeneration::logits(const Tensor& image_embeds,
                                            const std::vector<TokenId>& input_ids,
                                            Context& context) const {
  const std::int64_t hidden = model_->config.vision_config.hidden_size;
  const auto& shape = image_embeds.shape;
  if (shape.size() != 2 || shape[0] <= 0 || shape[1] != hidden ||
      static_cast<std::int64_t>(image_embeds.data.size()) / hidden != shape[0]) {
    throw Error(
        ErrorCode::invalid_argument,
        "image_embeds must be [tokens, " + std::to_string(hidden) + "] with that many elements");
  }
  if (input_ids.empty()) throw Error(ErrorCode::invalid_argument, "input_ids is empty");
  const CrossAttentionCache cache =
      model_->text.attend_to(image_embeds.data.data(), 1, shape[0], context);
  TextDecoder decoder(model_->text, model_->head, cache, context);
  const DecodeRow row{.image = 0, .parent = -1, .tokens = input_ids};
  const std::span<const float> values = decoder.step_all_logits(std::span(&row, 1));
  return {{static_cast<std::int64_t>(input_ids.size()), model_->config.text_config.vocab_size},
          {values.begin(), values.end()}};
}

}  // namespace blip
