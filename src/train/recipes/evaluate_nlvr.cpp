#include <algorithm>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/nlvr.hpp"
#include "dataset/text_preprocessing.hpp"
#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/evaluations.hpp"

namespace blip::train {

Evaluation evaluate_nlvr(const std::filesystem::path& model, const TrainingConfig& config,
                         const EvaluationData& data) {
  const auto reasoner = BlipForNLVR::from_pretrained(model);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  Context context;

  std::size_t judged = 0;
  std::size_t right = 0;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& left_pixels) {
    const auto count = static_cast<std::size_t>(left_pixels.shape[0]);
    const auto lefts = reasoner.encode_images(left_pixels, context);
    const auto rights = reasoner.encode_images(data.pixel_values(first, count, 1), context);
    // Every statement with its images.
    std::vector<EncodedImage> left_images;
    std::vector<EncodedImage> right_images;
    std::vector<std::string> statements;
    std::vector<bool> labels;
    for (std::size_t i = 0; i < count; ++i) {
      for (const dataset::Statement& statement : data.pictures()[first + i].statements) {
        if (!statement.is_true) continue;
        left_images.push_back(lefts[i]);
        right_images.push_back(rights[i]);
        statements.push_back(
            dataset::pre_caption(statement.text, static_cast<std::size_t>(config.data.max_words)));
        labels.push_back(*statement.is_true);
      }
    }
    const Tensor logits =
        reasoner.logits(left_images, right_images,
                        token_lists(tokenizer, statements, config.data.max_tokens), context);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      right += (logits.data[2 * i + 1] > logits.data[2 * i]) == labels[i] ? 1 : 0;
    }
    judged += labels.size();
  });
  const double accuracy = static_cast<double>(right) / static_cast<double>(judged);
  return {{{"accuracy", accuracy}}, accuracy};
}

}  // namespace blip::train
