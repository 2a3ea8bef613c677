// The tensors of a batch. Everything before them (reading, augmenting, prefetching) is free of
// libtorch.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <span>

#include "blip/config.hpp"
#include "blip/tokenizer.hpp"
#include "train/data/example.hpp"
#include "train/data/token_rows.hpp"

namespace blip::train {

struct TextTensors {
  torch::Tensor ids;   ///< [B, T] int64
  torch::Tensor mask;  ///< [B, T] int64: 1 for a token, 0 for padding
};

struct AnswerTensors {
  TextTensors texts;      ///< [A, T]: the answers of the first question, then …
  torch::Tensor counts;   ///< [B] int64: how many answers each question has; sums to A
  torch::Tensor weights;  ///< [A] float
};

/// Picture `which` (NLVR2: 0 left, 1 right) of each example → [B, 3, S, S] float, /255 and
/// normalised with the mean and deviation of `images`. Throws invalid_argument for pictures of
/// different sizes, or an example without that picture.
torch::Tensor picture_tensor(std::span<const Example> examples, std::size_t which = 0,
                             const BlipImageProcessorConfig& images = {});

/// Their captions, questions or statements: all of the first example, then …
TextTensors text_tensors(std::span<const Example> examples, const BertTokenizer& tokenizer,
                         std::size_t max_tokens, Padding padding);

/// → [B] int64: how many rows of text_tensors each example has
torch::Tensor text_counts(std::span<const Example> examples);

AnswerTensors answer_tensors(std::span<const Example> examples, const BertTokenizer& tokenizer,
                             std::size_t max_tokens);

/// → [B] int64: equal where the picture is the same
torch::Tensor image_numbers(std::span<const Example> examples);

/// → [B] int64: 1 for a true statement
torch::Tensor statement_labels(std::span<const Example> examples);

}  // namespace blip::train
