#include "app/captioner.hpp"

#include <utility>

#include "architectures/registry.hpp"

namespace blip::app {
namespace {

std::string decoded(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  DecodeOptions options;
  options.skip_special_tokens = true;
  return tokenizer.decode(ids, options);
}

}  // namespace

Captioner::Captioner(const ModelOptions& model, CaptionOptions options)
    : pictures_(model.model, model.pictures, model.processor),
      tokenizer_(open_tokenizer(model.model, model.processor)),
      generation_(std::move(options.generation)),
      model_(BlipForConditionalGeneration::from_pretrained(model.model,
                                                           {.weight_type = model.weight_type})) {
  if (options.prompt.empty()) return;
  prompt_ = tokenizer_->encode(options.prompt);
  decoded_prompt_ = decoded(*tokenizer_, prompt_);
}

std::vector<Captions> Captioner::caption(Images images, Context& context) const {
  // Random numbers are drawn by an image's place in its call, plus the place of the first one.
  const bool consecutive = generation_.seed.has_value();
  std::vector<Captions> captions;
  for (const Images run : runs_of_one_shape(images, consecutive)) {
    caption_run(run, captions, context);
  }
  return captions;
}

void Captioner::caption_run(Images images, std::vector<Captions>& captions,
                            Context& context) const {
  std::vector<std::vector<TokenId>> prompts;
  if (!prompt_.empty()) prompts.assign(images.size(), prompt_);
  GenerationOptions generation = generation_;
  generation.image_offset = images.front()->index;
  const auto sequences = model_.generate_sequences(
      model_.encode_images(stacked_pixels(images), context), prompts, generation, context);
  const std::size_t sequences_per_image = sequences.size() / images.size();
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (i % sequences_per_image == 0) captions.emplace_back();
    captions.back().push_back(decoded(*tokenizer_, sequences[i].ids));
  }
}

std::string Captioner::without_prompt(std::string caption) const {
  if (caption.starts_with(decoded_prompt_)) caption.erase(0, decoded_prompt_.size());
  caption.erase(0, caption.find_first_not_of(' '));  // all of it if there is nothing else
  return caption;
}

}  // namespace blip::app
