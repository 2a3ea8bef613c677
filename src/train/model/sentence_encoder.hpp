// SentenceEncoder: a BERT that was trained to place sentences by what they mean. It stays as it is.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>

#include "blip/tokenizer.hpp"
#include "train/model/parameters.hpp"
#include "train/model/text_transformer.hpp"

namespace blip::train {

/// As sentence-transformers computes it with mean pooling: the mean of the last states of a
/// sentence's tokens, scaled to length 1. Sentences are remembered, up to 100,000 of them. Each is
/// encoded by itself, so that a vector does not depend on what else is in a batch.
class SentenceEncoder {
 public:
  /// `model`: a directory with a BertModel and its tokenizer. Throws what reading them throws.
  SentenceEncoder(const std::filesystem::path& model, const torch::Device& device);

  /// W
  [[nodiscard]] std::int64_t width() const { return text_.config.hidden_size; }
  /// Of a longer sentence than 128 tokens the first. → [B, W] float32
  torch::Tensor operator()(std::span<const std::string> sentences);

 private:
  // → [W]
  [[nodiscard]] torch::Tensor encode(const std::string& sentence) const;

  BertTokenizer tokenizer_;
  Parameters parameters_;
  TextTransformer text_;
  std::unordered_map<std::string, torch::Tensor> known_;  // [W] each
};

}  // namespace blip::train
