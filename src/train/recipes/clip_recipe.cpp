// Fine-tuning of a CLIP: images and their captions by the symmetric contrastive loss.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "architectures/clip/family.hpp"
#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "image/image_processor.hpp"
#include "image/preprocess.hpp"
#include "train/data/batch_tensors.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/clip_model.hpp"
#include "train/model/save_clip.hpp"
#include "train/objectives/clip_contrastive.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/recipe.hpp"

namespace blip::train {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

// What the training starts from.
struct ClipStart {
  std::filesystem::path source;
  CLIPConfig config;
  std::shared_ptr<const Tokenizer> tokenizer;
  ImageProcessorConfig images;
};

ClipStart clip_start_of(const std::string& model) {
  if (model.empty()) refuse("no model to start from: -m MODEL, a CLIP (model.start)");
  ClipStart start{.source = resolve_model(model), .config = {}, .tokenizer = {}, .images = {}};
  if (&family_of(start.source) != &kClipFamily) refuse(model + ": is no CLIP with both towers");
  start.config = CLIPConfig::from_pretrained(start.source);
  start.tokenizer = open_tokenizer(start.source);
  start.images = kClipFamily.image_processor_config(start.source);
  const int side = start.config.vision_config.image_size;
  const ImageProcessorConfig& images = start.images;
  if (!images.do_center_crop || images.crop_height != side || images.crop_width != side) {
    refuse(model + ": its image processor makes no pictures of the model's " +
           std::to_string(side) + " x " + std::to_string(side) + " pixels");
  }
  return start;
}

BlipImageProcessorConfig normalisation_of(const ImageProcessorConfig& images) {
  BlipImageProcessorConfig normalisation;
  normalisation.image_mean = images.image_mean;
  normalisation.image_std = images.image_std;
  return normalisation;
}

// <|startoftext|> … <|endoftext|>, as many tokens as the model has positions at most.
ClipTexts clip_texts(std::span<const Example> examples, const Tokenizer& tokenizer,
                     std::size_t positions, const torch::Device& device) {
  std::vector<std::vector<TokenId>> rows;
  for (const Example& example : examples) {
    rows.push_back(
        tokenizer.encode(example.text, {.parse_special_tokens = false, .max_length = positions}));
  }
  const TextBatch texts = padded(device, rows);
  return {texts.ids, texts.mask.sum(1) - 1};
}

// As the model's own processor makes them.
PicturePreparation processed_pictures(const ClipStart& start) {
  const std::shared_ptr<const ImageProcessor> processor =
      kClipFamily.open_image_processor(start.source);
  return {start.config.vision_config.image_size, [processor](const Image& picture, float* out) {
            const Tensor pixels = (*processor)(std::span(&picture, 1));
            std::copy(pixels.data.begin(), pixels.data.end(), out);
          }};
}

}  // namespace

Recipe make_clip_recipe(const TrainingConfig& config, const ProcessGroup& group) {
  const torch::Device device = group.device();
  const ClipStart start = clip_start_of(config.model.start);
  const auto model =
      std::make_shared<const ClipTrainingModel>(make_clip_model(start.config, device));
  Recipe recipe;
  recipe.rows = RowKind::caption;
  recipe.adapt = [images = start.images,
                  side = start.config.vision_config.image_size](ExampleOptions& options) {
    options.image_size = side;
    options.has_plain_captions = true;
    options.fit = [images](const Image& picture) { return image::fitted(picture, images); };
  };
  recipe.parameters = model->parameters;
  recipe.losses = [=, images = normalisation_of(start.images), gather = gather_of(group)](
                      std::span<const Example> examples, const StepPlace&) {
    const auto positions =
        static_cast<std::size_t>(start.config.text_config.max_position_embeddings);
    const ClipBatch batch = {picture_tensor(examples, 0, images).to(device),
                             clip_texts(examples, *start.tokenizer, positions, device)};
    const ClipLosses losses = clip_losses(*model, batch, gather);
    return StepLosses{
        losses.total,
        {{"image_to_text", losses.image_to_text}, {"text_to_image", losses.text_to_image}}};
  };
  recipe.description = clip_description(start.config, start.source);
  if (!recipe.description.contains("tokenizer.json") &&
      !recipe.description.contains("vocab.json")) {
    refuse(config.model.start +
           ": has neither tokenizer.json nor vocab.json, as models of transformers have");
  }
  recipe.save = [=](const std::filesystem::path& directory) {
    clamp_logit_scale(model->logit_scale);
    save_clip(model->parameters, start.config, start.source, directory);
  };
  add_evaluation(recipe, evaluate_clip, config, processed_pictures(start), group);
  return recipe;
}

}  // namespace blip::train
