#include <string>
#include <vector>

#include "app/retrieval_scorer.hpp"
#include "blip/context.hpp"
#include "dataset/text_preprocessing.hpp"
#include "eval/retrieval_recall.hpp"
#include "tasks/dual_encoder.hpp"
#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/evaluations.hpp"

namespace blip::train {
namespace {

using TokenLists = std::vector<std::vector<TokenId>>;

// The texts of all items, one after the other.
struct Gallery {
  TokenLists texts;
  std::vector<std::size_t> image_of_text;
};

Gallery gallery_of(const EvaluationData& data, const BertTokenizer& tokenizer,
                   const DataConfig& config) {
  Gallery gallery;
  std::vector<std::string> captions;
  for (std::size_t image = 0; image < data.pictures().size(); ++image) {
    for (const std::string& caption : data.pictures()[image].captions) {
      captions.push_back(dataset::pre_caption(caption, static_cast<std::size_t>(config.max_words)));
      gallery.image_of_text.push_back(image);
    }
  }
  gallery.texts = token_lists(tokenizer, captions, config.max_tokens);
  return gallery;
}

}  // namespace

Evaluation evaluate_retrieval(const std::filesystem::path& model, const TrainingConfig& config,
                              const EvaluationData& data) {
  const auto matcher = open_dual_encoder(model, {}, MatchingHead::required);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  const Gallery gallery = gallery_of(data, tokenizer, config.data);
  Context context;
  const auto for_each_batch = [&](const app::VisitImages& visit) {
    data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
      visit(first, matcher->encode_images(pixels, context));
    });
  };
  const app::DirectedScores directed =
      app::score_retrieval(*matcher, gallery.texts, for_each_batch,
                           {.style = TextStyle::original,
                            .rerank = true,
                            .candidates = static_cast<std::size_t>(config.evaluation.candidates)},
                           context);
  const eval::RetrievalScores scores =
      eval::retrieval_scores(directed.image_to_text, directed.text_to_image, gallery.image_of_text);
  return {{{"text_recall_1", scores.text_retrieval.r1},
           {"text_recall_5", scores.text_retrieval.r5},
           {"image_recall_1", scores.image_retrieval.r1},
           {"image_recall_5", scores.image_retrieval.r5},
           {"mean_recall", scores.r_mean}},
          scores.r_mean};
}

}  // namespace blip::train
