#include "train/capfilt/captioner.hpp"

#include "train/capfilt/encode_pictures.hpp"

namespace blip::train {

Captioner::Captioner(const CaptionerOptions& options)
    : processor_(BlipProcessor::from_pretrained(options.model)),
      model_(BlipForConditionalGeneration::from_pretrained(options.model,
                                                           {.weight_type = options.weight_type})),
      generation_(options.generation) {
  if (options.prompt.empty()) return;
  prompt_ = processor_.tokenizer().encode(options.prompt);
  decoded_prompt_ = processor_.decode(prompt_, {.skip_special_tokens = true});
}

Tensor Captioner::prepare(const Image& image) const {
  return processor_(image).pixel_values;
}

std::vector<std::string> Captioner::caption(std::span<const Tensor* const> pixels,
                                            std::uint64_t first, Context& context) const {
  const std::vector<EncodedImage> images = encode_pictures(
      pixels, [&](const Tensor& batch) { return model_.encode_images(batch, context); });
  std::vector<std::vector<TokenId>> prompts;
  if (!prompt_.empty()) prompts.assign(images.size(), prompt_);
  GenerationOptions generation = generation_;
  generation.image_offset = first;
  std::vector<std::string> texts;
  for (const auto& sequence : model_.generate_sequences(images, prompts, generation, context)) {
    std::string text = processor_.decode(sequence.ids, {.skip_special_tokens = true});
    if (text.starts_with(decoded_prompt_)) text.erase(0, decoded_prompt_.size());
    text.erase(0, text.find_first_not_of(' '));  // all of it if there is nothing else
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace blip::train
