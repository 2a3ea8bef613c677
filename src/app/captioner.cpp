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
    : pictures_(model.model, model.pictures),
      tokenizer_(open_tokenizer(model.model)),
      generation_(std::move(options.generation)),
      model_(BlipForConditionalGeneration::from_pretrained(model.model,
                                                           {.weight_type = model.weight_type})) {
  if (options.prompt.empty()) return;
  prompt_ = tokenizer_->encode(options.prompt);
  decoded_prompt_ = decoded(*tokenizer_, prompt_);
}

std::vector<Captions> Captioner::caption(Images images, Context& context) const {
  std::vector<Captions> captions(images.size());
  for_each_sequence(
      images,
      [&](const EncodedImage& /*image*/, std::size_t place, const std::vector<TokenId>& sequence) {
        captions[place].push_back(decoded(*tokenizer_, sequence));
      },
      context);
  return captions;
}

std::vector<ExplainedCaptions> Captioner::explain(Images images, const GradCamOptions& options,
                                                  Context& context) const {
  // [DEC], and the prompt between [CLS] and [SEP].
  const std::size_t given = prompt_.empty() ? 1 : prompt_.size() - 1;
  std::vector<ExplainedCaptions> captions(images.size());
  for_each_sequence(
      images,
      [&](const EncodedImage& image, std::size_t place, const std::vector<TokenId>& sequence) {
        captions[place].push_back(
            explanation_of(*tokenizer_, decoded(*tokenizer_, sequence),
                           model_.grad_cam(image, sequence, given, options, context)));
      },
      context);
  return captions;
}

void Captioner::for_each_sequence(Images images, const UseSequence& use, Context& context) const {
  // Random numbers are drawn by an image's place in its call, plus the place of the first one.
  const bool consecutive = generation_.seed.has_value();
  std::size_t place = 0;
  for (const Images run : runs_of_one_shape(images, consecutive)) {
    std::vector<std::vector<TokenId>> prompts;
    if (!prompt_.empty()) prompts.assign(run.size(), prompt_);
    GenerationOptions generation = generation_;
    generation.image_offset = run.front()->index;
    const std::vector<EncodedImage> encoded = model_.encode_images(stacked_pixels(run), context);
    const auto sequences = model_.generate_sequences(encoded, prompts, generation, context);
    const std::size_t sequences_per_image = sequences.size() / run.size();
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const std::size_t image = i / sequences_per_image;
      use(encoded[image], place + image, sequences[i].ids);
    }
    place += run.size();
  }
}

std::string Captioner::without_prompt(std::string caption) const {
  if (caption.starts_with(decoded_prompt_)) caption.erase(0, decoded_prompt_.size());
  caption.erase(0, caption.find_first_not_of(' '));  // all of it if there is nothing else
  return caption;
}

}  // namespace blip::app
