// CaptionRewards: how good captions that a model has drawn are, by what people said of the
// pictures.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "blip/tokenizer.hpp"
#include "eval/cider.hpp"
#include "train/model/text_transformer.hpp"

namespace blip::train {

/// CIDEr-D (src/eval/cider.hpp), by the rarities of the training captions. The end of a caption
/// counts as a word: one that is cut off, "a man with a", would else lose nothing by it.
class CaptionRewards {
 public:
  /// references: what people said of each picture, by Example::image.
  CaptionRewards(const std::map<std::uint32_t, std::vector<std::string>>& references,
                 const BertTokenizer& tokenizer);

  /// Whether people have said something of the picture.
  [[nodiscard]] bool knows(std::uint32_t image) const { return places_.contains(image); }

  /// captions: [B · S, T], S of each image, with `given_tokens` of [DEC] and the prompt → [B, S]
  /// float32
  torch::Tensor operator()(std::span<const std::uint32_t> images, const TextBatch& captions,
                           std::int64_t given_tokens);

 private:
  const BertTokenizer tokenizer_;
  std::unordered_map<std::uint32_t, std::size_t> places_;  // in the scorer
  eval::CiderScorer scorer_;
};

}  // namespace blip::train
