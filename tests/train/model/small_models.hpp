// Small configurations and inputs for the tests of training.
#pragma once

#include <torch/torch.h>

#include "blip/config.hpp"
#include "train/model/models.hpp"

namespace blip::train {

inline BlipConfig small_config() {
  BlipConfig config;
  config.image_text_hidden_size = 6;
  BlipVisionConfig& vision = config.vision_config;
  vision.hidden_size = 12;
  vision.intermediate_size = 20;
  vision.num_hidden_layers = 2;
  vision.num_attention_heads = 2;
  vision.image_size = 8;
  vision.patch_size = 4;
  BlipTextConfig& text = config.text_config;
  text.vocab_size = 30;
  text.hidden_size = 8;
  text.intermediate_size = 14;
  text.num_hidden_layers = 2;
  text.num_attention_heads = 2;
  text.max_position_embeddings = 12;
  text.bos_token_id = 28;
  text.sep_token_id = 3;
  return config;
}

inline ModelOptions small_options(double dropout = 0.0, torch::Dtype dtype = torch::kFloat32) {
  ModelOptions options;
  options.dtype = dtype;
  options.text_dropout = dropout;
  options.queue_size = 12;
  return options;
}

inline torch::Generator seeded(std::uint64_t seed) {
  return at::detail::createCPUGenerator(seed);
}

// images: [rows, 3, 8, 8]
inline torch::Tensor small_images(std::int64_t rows, torch::Dtype dtype = torch::kFloat32) {
  return torch::rand({rows, 3, 8, 8}, seeded(3), torch::kFloat32).to(dtype);
}

// [CLS] a b c [SEP], and rows with one word and padding in turn.
inline TextBatch small_texts(std::int64_t rows) {
  TextBatch texts = {torch::zeros({rows, 5}, torch::kInt64), torch::ones({rows, 5}, torch::kInt64)};
  for (std::int64_t row = 0; row < rows; ++row) {
    const torch::Tensor ids = torch::tensor({2L, 5 + row, 6 + row, 7 + row, 3L}, torch::kInt64);
    texts.ids[row].copy_(ids);
    if (row % 2 == 1) {
      texts.ids[row].slice(0, 2).zero_();
      texts.ids[row][2] = 3;
      texts.mask[row].slice(0, 3).zero_();
    }
  }
  return texts;
}

}  // namespace blip::train
