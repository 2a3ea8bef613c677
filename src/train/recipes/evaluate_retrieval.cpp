#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/image_text_retrieval.hpp"
#include "dataset/text_preprocessing.hpp"
#include "eval/retrieval_recall.hpp"
#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/evaluations.hpp"

namespace blip::train {
namespace {

using TokenLists = std::vector<std::vector<TokenId>>;

// Of pairs that are no candidates, as in BLIP's code: below any logit.
constexpr float kUnscored = -100.0F;

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

// images: [N, D] and texts: [T, D] of unit length → [N, T]
eval::ScoreMatrix cosines_of(const std::vector<float>& images, const std::vector<float>& texts,
                             std::size_t width) {
  eval::ScoreMatrix cosines{images.size() / width, texts.size() / width, {}};
  cosines.values.reserve(cosines.num_images * cosines.num_texts);
  for (std::size_t image = 0; image < images.size(); image += width) {
    for (std::size_t text = 0; text < texts.size(); text += width) {
      cosines.values.push_back(
          std::inner_product(&images[image], &images[image] + width, &texts[text], 0.0F));
    }
  }
  return cosines;
}

// The `k` of 0, 1, … count - 1 with the highest score; of equals, the first.
template <typename Score>
std::vector<std::size_t> best(std::size_t count, std::size_t k, const Score& score) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t left, std::size_t right) { return score(left) > score(right); });
  order.resize(std::min(count, k));
  return order;
}

}  // namespace

Evaluation evaluate_retrieval(const std::filesystem::path& model, const TrainingConfig& config,
                              const EvaluationData& data) {
  const auto matcher = BlipForImageTextRetrieval::from_pretrained(model);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  const Gallery gallery = gallery_of(data, tokenizer, config.data);
  const std::size_t num_images = data.pictures().size();
  const std::size_t num_texts = gallery.texts.size();
  const auto width = static_cast<std::size_t>(matcher.config().image_text_hidden_size);
  const auto batch = static_cast<std::size_t>(config.evaluation.batch);
  const auto candidates = static_cast<std::size_t>(config.evaluation.candidates);
  Context context;

  // Cosines of all with all.
  std::vector<float> text_features;
  for (std::size_t at = 0; at < num_texts; at += batch) {
    const auto some = std::span(gallery.texts).subspan(at, std::min(batch, num_texts - at));
    const Tensor features = matcher.get_text_features(some, TextStyle::original, context);
    text_features.insert(text_features.end(), features.data.begin(), features.data.end());
  }
  std::vector<float> image_features;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t /*first*/, const Tensor& pixels) {
    const Tensor features =
        matcher.get_image_features(matcher.encode_images(pixels, context), context);
    image_features.insert(image_features.end(), features.data.begin(), features.data.end());
  });
  const eval::ScoreMatrix cosines = cosines_of(image_features, text_features, width);

  // Candidates of either direction.
  std::vector<bool> of_image(cosines.values.size(), false);
  std::vector<bool> of_text(cosines.values.size(), false);
  for (std::size_t image = 0; image < num_images; ++image) {
    const auto score = [&](std::size_t text) { return cosines.values[image * num_texts + text]; };
    for (const std::size_t text : best(num_texts, candidates, score)) {
      of_image[image * num_texts + text] = true;
    }
  }
  for (std::size_t text = 0; text < num_texts; ++text) {
    const auto score = [&](std::size_t image) { return cosines.values[image * num_texts + text]; };
    for (const std::size_t image : best(num_images, candidates, score)) {
      of_text[image * num_texts + text] = true;
    }
  }

  // The matching head ranks them anew, an image at a time. Images are encoded a second time, so
  // that no more than a batch of them is in memory.
  eval::ScoreMatrix image_to_text{num_images, num_texts,
                                  std::vector<float>(cosines.values.size(), kUnscored)};
  eval::ScoreMatrix text_to_image = image_to_text;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
    const auto images = matcher.encode_images(pixels, context);
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::vector<std::size_t> pairs;
      TokenLists texts;
      for (std::size_t text = 0; text < num_texts; ++text) {
        const std::size_t pair = (first + i) * num_texts + text;
        if (!of_image[pair] && !of_text[pair]) continue;
        pairs.push_back(pair);
        texts.push_back(gallery.texts[text]);
      }
      if (pairs.empty()) continue;
      const Tensor logits =
          matcher.itm_logits(std::span(images).subspan(i, 1), texts, TextStyle::original, context);
      for (std::size_t j = 0; j < pairs.size(); ++j) {
        const float score = logits.data[2 * j + 1] + cosines.values[pairs[j]];
        if (of_image[pairs[j]]) image_to_text.values[pairs[j]] = score;
        if (of_text[pairs[j]]) text_to_image.values[pairs[j]] = score;
      }
    }
  });
  const eval::RetrievalScores scores =
      eval::retrieval_scores(image_to_text, text_to_image, gallery.image_of_text);
  return {{{"text_recall_1", scores.text_retrieval.r1},
           {"text_recall_5", scores.text_retrieval.r5},
           {"image_recall_1", scores.image_retrieval.r1},
           {"image_recall_5", scores.image_retrieval.r5},
           {"mean_recall", scores.r_mean}},
          scores.r_mean};
}

}  // namespace blip::train
