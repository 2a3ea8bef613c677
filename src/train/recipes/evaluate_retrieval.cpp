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

// `prepared`: what becomes of a caption; `tokens_of`: what becomes of all of them.
template <typename Prepare, typename TokensOf>
Gallery gallery_of(const EvaluationData& data, const Prepare& prepared, const TokensOf& tokens_of) {
  Gallery gallery;
  std::vector<std::string> captions;
  for (std::size_t image = 0; image < data.pictures().size(); ++image) {
    for (const std::string& caption : data.pictures()[image].captions) {
      captions.push_back(prepared(caption));
      gallery.image_of_text.push_back(image);
    }
  }
  gallery.texts = tokens_of(captions);
  return gallery;
}

Evaluation evaluation_of(const DualEncoder& encoder, const Gallery& gallery,
                         const TrainingConfig& config, const EvaluationData& data,
                         const app::RetrievalOptions& scoring) {
  Context context;
  const auto for_each_batch = [&](const app::VisitImages& visit) {
    data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
      visit(first, encoder.encode_images(pixels, context));
    });
  };
  const app::DirectedScores directed =
      app::score_retrieval(encoder, gallery.texts, for_each_batch, scoring, context);
  const eval::RetrievalScores scores =
      eval::retrieval_scores(directed.image_to_text, directed.text_to_image, gallery.image_of_text);
  return {{{"text_recall_1", scores.text_retrieval.r1},
           {"text_recall_5", scores.text_retrieval.r5},
           {"image_recall_1", scores.image_retrieval.r1},
           {"image_recall_5", scores.image_retrieval.r5},
           {"mean_recall", scores.r_mean}},
          scores.r_mean};
}

}  // namespace

Evaluation evaluate_retrieval(const std::filesystem::path& model, const TrainingConfig& config,
                              const EvaluationData& data) {
  const auto matcher = open_dual_encoder(model, {}, MatchingHead::required);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  const auto max_words = static_cast<std::size_t>(config.data.max_words);
  const Gallery gallery = gallery_of(
      data, [&](const std::string& caption) { return dataset::pre_caption(caption, max_words); },
      [&](const std::vector<std::string>& captions) {
        return token_lists(tokenizer, captions, config.data.max_tokens);
      });
  return evaluation_of(*matcher, gallery, config, data,
                       {.style = TextStyle::original,
                        .rerank = true,
                        .candidates = static_cast<std::size_t>(config.evaluation.candidates)});
}

Evaluation evaluate_clip(const std::filesystem::path& model, const TrainingConfig& config,
                         const EvaluationData& data) {
  const auto encoder = open_dual_encoder(model, {});
  const Gallery gallery = gallery_of(
      data, [](const std::string& caption) { return caption; },
      [&](const std::vector<std::string>& captions) {
        TokenLists lists;
        for (const std::string& caption : captions) {
          lists.push_back(encoder->tokens(caption, TextStyle::hf));
        }
        return lists;
      });
  return evaluation_of(*encoder, gallery, config, data,
                       {.style = TextStyle::hf, .rerank = false, .candidates = 0});
}

}  // namespace blip::train
