#include "cli/captioner.hpp"

#include "blip/error.hpp"
#include "cli/input/model_download.hpp"

namespace blip::cli {

Captioner::Captioner(const CaptionOptions& options)
    : Captioner(options, find_model(options.model.name, options.output.quiet)) {}

Captioner::Captioner(const CaptionOptions& options, const std::filesystem::path& model)
    : prompt_(options.prompt),
      generation_(options.generation),
      reader_(model, options.model.image_size, options.inputs.pictures),
      model_(BlipForConditionalGeneration::from_pretrained(
          model, {.weight_type = options.model.weight_type})),
      context_({.num_threads = options.model.threads}) {}

BlipInputs Captioner::prepare(const std::filesystem::path& picture) const {
  return prompt_.empty() ? reader_(picture) : reader_(picture, prompt_);
}

BlipInputs Captioner::prepare(const dataset::EncodedPicture& picture) const {
  return prompt_.empty() ? reader_.decode(picture.bytes, picture.name)
                         : reader_.decode(picture.bytes, picture.name, prompt_);
}

std::string Captioner::decoded_prompt() const {
  DecodeOptions as_caption;
  as_caption.skip_special_tokens = true;
  return reader_.processor().decode(reader_.processor().tokenizer().encode(prompt_), as_caption);
}

std::vector<std::vector<std::string>> Captioner::caption(Images images) {
  // So that seeds mean the same in every shard and resumed run, one call with a seed takes images
  // of consecutive places in the list.
  std::vector<std::vector<std::string>> captions;
  for (const Images run : runs_that_fit_together(images, generation_.options.seed.has_value())) {
    caption_run(run, captions);
  }
  return captions;
}

void Captioner::caption_run(Images images, std::vector<std::vector<std::string>>& captions) {
  BlipInputs inputs{.pixel_values = stacked_pixels(images), .input_ids = {}};
  for (const LoadedImage* image : images) {
    inputs.input_ids.insert(inputs.input_ids.end(), image->inputs.input_ids.begin(),
                            image->inputs.input_ids.end());
  }
  generation_.options.image_offset = images.front()->input.index;
  std::vector<std::vector<TokenId>> rows;
  try {
    rows = model_.generate(inputs, generation_.options, context_);
  } catch (const Error& error) {
    throw generation_.in_our_words(error);
  }
  DecodeOptions as_caption;
  as_caption.skip_special_tokens = true;
  const std::size_t rows_per_image = rows.size() / images.size();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (row % rows_per_image == 0) captions.emplace_back();
    captions.back().push_back(reader_.processor().decode(rows[row], as_caption));
  }
}

}  // namespace blip::cli
