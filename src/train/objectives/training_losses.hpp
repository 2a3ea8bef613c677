// The loss of one batch, for every model that is trained. Each function reads from top to bottom in
// the order in which the original computes; the caller runs backward() on `total` and the
// optimizer.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "train/model/models.hpp"
#include "train/objectives/hard_negatives.hpp"
#include "train/objectives/language_modeling.hpp"
#include "train/objectives/rank_gather.hpp"

namespace blip::train {

struct PretrainingBatch {
  torch::Tensor images;  ///< [B, 3, S, S]
  TextBatch texts;       ///< [B, T], [CLS] … [SEP]
};

struct PretrainingLosses {
  torch::Tensor contrastive;
  torch::Tensor matching;
  torch::Tensor language_model;
  torch::Tensor total;  ///< their sum
};

/// ITC + ITM + LM. Clamps the temperature, moves the momentum encoder and writes the queue, so it
/// is called once for every step. `alpha`: the share of the momentum encoder in ITC's targets.
PretrainingLosses pretraining_losses(PretrainingModel& model, const PretrainingBatch& batch,
                                     double alpha, const NegativeSampler& sampler,
                                     const RankGather& gather,
                                     const LanguageModelOptions& options = {});

struct RetrievalBatch {
  torch::Tensor images;     ///< [B, 3, S, S]
  TextBatch texts;          ///< [B, T], [CLS] … [SEP]
  torch::Tensor image_ids;  ///< [B] int64, at least 0: equal ids are the same image
};

struct RetrievalLosses {
  torch::Tensor contrastive;
  torch::Tensor matching;
  torch::Tensor total;
  torch::Tensor image_states;  ///< [B, 1 + N, C], for what else is to be learnt of them
};

enum class NegativesFrom { own_rank, all_ranks };
/// Left out, a step takes a third of the time.
enum class Matching { learnt, left_out };

/// ITC with all captions of an image as positives + ITM. Changes the model as pretraining_losses
/// does.
RetrievalLosses retrieval_losses(RetrievalModel& model, const RetrievalBatch& batch, double alpha,
                                 NegativesFrom negatives, const NegativeSampler& sampler,
                                 const RankGather& gather, Matching matching = Matching::learnt);

struct CaptioningBatch {
  torch::Tensor images;  ///< [B, 3, S, S]
  TextBatch texts;       ///< [A, T], the prompt and a caption each, [CLS] … [SEP]
  /// Tokens of the prompt with [CLS], without [SEP]: they have no loss. "a picture
  /// of" has 4.
  std::int64_t prompt_tokens = 0;
  /// [B] int64, sums to A: the captions of the first image, then …; undefined: each has one.
  torch::Tensor caption_counts{};
};

/// The mean over the tokens of all captions. An image is encoded once for all of its own. → scalar
torch::Tensor captioning_loss(const CaptioningModel& model, const CaptioningBatch& batch,
                              const LanguageModelOptions& options = {});

struct QuestionAnsweringBatch {
  torch::Tensor images;         ///< [B, 3, S, S]
  TextBatch questions;          ///< [B, Tq], [CLS] … [SEP]
  TextBatch answers;            ///< [A, Ta], [CLS] … [SEP]: those of the first question, then …
  torch::Tensor answer_counts;  ///< [B] int64, sums to A
  torch::Tensor weights;        ///< [A] float: how many of the annotators say so
};

/// Sum over answers of weight · (sum over the answer's tokens), divided by B → scalar
torch::Tensor question_answering_loss(const QuestionAnsweringModel& model,
                                      const QuestionAnsweringBatch& batch,
                                      const LanguageModelOptions& options = {});

struct NlvrBatch {
  torch::Tensor left;    ///< [B, 3, S, S]
  torch::Tensor right;   ///< [B, 3, S, S]
  TextBatch statements;  ///< [B, T], [CLS] … [SEP]
  torch::Tensor labels;  ///< [B] int64, 1 = true
};

/// → [B, 2]
torch::Tensor nlvr_logits(const NlvrModel& model, const NlvrBatch& batch, bool training);
/// → scalar
torch::Tensor nlvr_loss(const NlvrModel& model, const NlvrBatch& batch);

}  // namespace blip::train
