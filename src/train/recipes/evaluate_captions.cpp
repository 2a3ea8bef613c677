#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "blip/conditional_generation.hpp"
#include "blip/context.hpp"
#include "eval/bleu.hpp"
#include "eval/caption_set.hpp"
#include "eval/cider.hpp"
#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/evaluations.hpp"

namespace blip::train {

Evaluation evaluate_captions(const std::filesystem::path& model, const TrainingConfig& config,
                             const EvaluationData& data) {
  const auto captioner = BlipForConditionalGeneration::from_pretrained(model);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  Context context;

  // [DEC] and the prompt, which are given and so not scored.
  const std::vector<TokenId> prompt = tokenizer.encode(
      config.data.prompt, {.add_special_tokens = true, .parse_special_tokens = false});
  const std::size_t prompt_tokens = prompt.size() - 1;  // its [SEP] is not read
  GenerationOptions options;
  options.num_beams = config.evaluation.beams;
  options.max_length = config.evaluation.max_length;
  options.min_length = config.evaluation.min_length;

  eval::CaptionSet captions;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
    const auto images = captioner.encode_images(pixels, context);
    const std::vector<std::vector<TokenId>> prompts(images.size(), prompt);
    const auto sequences = captioner.generate_sequences(images, prompts, options, context);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const std::vector<TokenId>& ids = sequences[i].ids;
      const std::size_t skipped = std::min(prompt_tokens, ids.size());
      captions.captions.push_back(
          tokenizer.decode(std::span(ids).subspan(skipped), {.skip_special_tokens = true}));
      captions.references.push_back(data.pictures()[first + i].captions);
    }
  });
  const eval::CaptionSet tokens = eval::tokenized(captions);
  const double bleu4 = eval::bleu(tokens).corpus[3];
  const double cider = eval::cider(tokens).mean;
  return {{{"bleu4", bleu4}, {"cider", cider}}, bleu4 + cider};
}

}  // namespace blip::train
