#include "app/captioner.hpp"

#include <algorithm>
#include <utility>

#include "app/banned_words.hpp"
#include "architectures/registry.hpp"
#include "tasks/decoding.hpp"

namespace blip::app {

Captioner::Captioner(const ModelOptions& model, CaptionOptions options)
    : pictures_(model.model, model.pictures, model.processor),
      tokenizer_(open_tokenizer(model.model, model.processor)),
      generation_(std::move(options.generation)),
      edits_(std::move(options.edits)),
      explain_(options.explain),
      model_(BlipForConditionalGeneration::from_pretrained(model.model, model.load())) {
  ban_words(options.banned_words, *tokenizer_, generation_);
  if (!options.prompt.empty()) prompt_ = caption_prompt(*tokenizer_, options.prompt);
}

void Captioner::check(const ImageInput& input) const {
  if (!input.text) return;
  // [CLS] and [SEP] make room for [DEC].
  const std::size_t length = tokenizer_->encode(*input.text).size() - 1;
  static_cast<void>(limits_for(decoder_settings(generation_, model_.config().text_config),
                               static_cast<int>(length)));
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
  std::vector<CaptionPrompt> prompts;
  for (const PreparedImage* image : images) {
    prompts.push_back(image->text ? caption_prompt(*tokenizer_, *image->text) : prompt_);
  }
  // All have one or none has: no prompt at all is an empty text.
  std::vector<std::vector<TokenId>> rows;
  if (std::ranges::any_of(prompts,
                          [](const CaptionPrompt& each) { return !each.tokens.empty(); })) {
    for (const CaptionPrompt& each : prompts) {
      rows.push_back(each.tokens.empty() ? tokenizer_->encode("") : each.tokens);
    }
  }
  GenerationOptions generation = generation_;
  generation.image_offset = images.front()->index;
  const std::vector<EncodedImage> encoded = model_.encode_images(stacked_pixels(images), context);
  const auto sequences = model_.generate_sequences(encoded, rows, generation, context);
  const std::size_t sequences_per_image = sequences.size() / images.size();
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (i % sequences_per_image == 0) captions.emplace_back();
    const std::size_t image = i / sequences_per_image;
    const std::vector<TokenId>& ids = sequences[i].ids;
    Caption caption{
        .text = finished_caption(generated_text(*tokenizer_, ids), prompts[image], edits_),
        .score = score_of(sequences[i])};
    if (explain_) {
      const std::size_t given = rows.empty() ? 1 : rows[image].size() - 1;
      caption.explanation =
          explanation_of(*tokenizer_, caption.text,
                         model_.grad_cam(encoded[image], ids, given, *explain_, context));
    }
    captions.back().push_back(std::move(caption));
  }
}

std::string Captioner::without_prompt(std::string caption) const {
  return app::without_prompt(std::move(caption), prompt_);
}

}  // namespace blip::app
