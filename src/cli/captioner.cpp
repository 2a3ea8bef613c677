#include "cli/captioner.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip::cli {
namespace {

BlipProcessor load_processor(const CaptionOptions& options) {
  BlipProcessor processor = BlipProcessor::from_pretrained(resolve_model(options.model));
  if (!options.image_size) return processor;
  BlipImageProcessorConfig config = processor.image_processor();
  config.do_resize = true;
  config.width = *options.image_size;
  config.height = *options.image_size;
  return {config, processor.tokenizer()};
}

// Pixel values of several images as one: n of [1, 3, H, W] → [n, 3, H, W].
BlipInputs stack(std::span<const LoadedImage* const> images) {
  BlipInputs all;
  all.pixel_values.shape = images.front()->inputs.pixel_values.shape;
  all.pixel_values.shape.front() = static_cast<std::int64_t>(images.size());
  all.pixel_values.data.reserve(images.size() * images.front()->inputs.pixel_values.data.size());
  for (const LoadedImage* image : images) {
    const std::vector<float>& pixels = image->inputs.pixel_values.data;
    all.pixel_values.data.insert(all.pixel_values.data.end(), pixels.begin(), pixels.end());
    all.input_ids.insert(all.input_ids.end(), image->inputs.input_ids.begin(),
                         image->inputs.input_ids.end());
  }
  return all;
}

}  // namespace

Captioner::Captioner(const CaptionOptions& options)
    : image_options_{.apply_exif_orientation = options.exif_rotation},
      prompt_(options.prompt),
      generation_(options.generation),
      processor_(load_processor(options)),
      model_(BlipForConditionalGeneration::from_pretrained(resolve_model(options.model),
                                                           {.weight_type = options.weight_type})),
      context_({.num_threads = options.threads}) {}

BlipInputs Captioner::prepare(const std::filesystem::path& path) const {
  const Image image = Image::open(path, image_options_);
  return prompt_.empty() ? processor_(image) : processor_(image, prompt_);
}

std::vector<std::vector<std::string>> Captioner::caption(
    std::span<const LoadedImage* const> images) {
  // One call takes images of one shape (a model that does not resize has many) and, so that seeds
  // mean the same in every shard and resumed run, of consecutive places in the list.
  const auto fit_together = [this](const LoadedImage* left, const LoadedImage* right) {
    return left->inputs.pixel_values.shape == right->inputs.pixel_values.shape &&
           (!generation_.seed || left->input.index + 1 == right->input.index);
  };
  std::vector<std::vector<std::string>> captions;
  while (!images.empty()) {
    const auto last = std::adjacent_find(images.begin(), images.end(),
                                         [&](const LoadedImage* left, const LoadedImage* right) {
                                           return !fit_together(left, right);
                                         });
    const auto count = last == images.end()
                           ? images.size()
                           : static_cast<std::size_t>(std::distance(images.begin(), last)) + 1;
    auto some = caption_together(images.first(count));
    std::move(some.begin(), some.end(), std::back_inserter(captions));
    images = images.subspan(count);
  }
  return captions;
}

std::vector<std::vector<std::string>> Captioner::caption_together(
    std::span<const LoadedImage* const> images) {
  generation_.image_offset = images.front()->input.index;
  std::vector<std::vector<TokenId>> rows;
  try {
    rows = model_.generate(stack(images), generation_, context_);
  } catch (const Error& error) {
    throw Error(error.code(), with_option_names(error.what()));
  }
  DecodeOptions as_caption;
  as_caption.skip_special_tokens = true;
  const std::size_t rows_per_image = rows.size() / images.size();
  std::vector<std::vector<std::string>> captions(images.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    captions[row / rows_per_image].push_back(processor_.decode(rows[row], as_caption));
  }
  return captions;
}

}  // namespace blip::cli
