// A small text decoder with random weights, built in memory.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "model/text_model.hpp"

namespace blip {

class RandomTextModel {
 public:
  static constexpr std::int64_t kHidden = 24;
  static constexpr std::int64_t kStates = 20;  // the encoder's width
  static constexpr std::int64_t kVocabulary = 50;

  RandomTextModel() {
    model.config.vocab_size = kVocabulary;
    model.config.hidden_size = kHidden;
    model.config.encoder_hidden_size = kStates;
    model.config.intermediate_size = 40;
    model.config.num_hidden_layers = 2;
    model.config.num_attention_heads = 3;
    model.config.max_position_embeddings = 150;
    model.word_embeddings = matrix(kVocabulary, kHidden);
    model.position_embeddings = values(150 * kHidden);
    model.embedding_layer_norm = norm();
    for (int i = 0; i < model.config.num_hidden_layers; ++i) {
      TextLayer layer;
      layer.attention = block(kHidden);
      layer.crossattention = block(kStates);
      layer.intermediate = linear(40, kHidden);
      layer.output = linear(kHidden, 40);
      layer.layer_norm = norm();
      model.layers.push_back(layer);
    }
    head.transform = linear(kHidden, kHidden);
    head.layer_norm = norm();
    head.decoder = {model.word_embeddings, values(kVocabulary)};
  }

  const float* values(std::int64_t count) {
    std::normal_distribution<float> normal(0.0F, 0.3F);
    std::vector<float>& block = storage_.emplace_back(static_cast<std::size_t>(count));
    for (float& value : block) value = normal(engine_);
    return block.data();
  }

  TextModel model;
  LanguageModelHead head;

 private:
  WeightMatrix matrix(std::int64_t rows, std::int64_t columns) {
    return {values(rows * columns), WeightFormat::f32, rows, columns};
  }
  Linear linear(std::int64_t outputs, std::int64_t inputs) {
    return {matrix(outputs, inputs), values(outputs)};
  }
  LayerNorm norm() { return {values(kHidden), values(kHidden), 1e-12F}; }
  AttentionBlock block(std::int64_t key_size) {
    return {linear(kHidden, kHidden), linear(kHidden, key_size), linear(kHidden, key_size),
            linear(kHidden, kHidden), norm()};
  }

  std::mt19937 engine_{5};
  std::deque<std::vector<float>> storage_;
};

}  // namespace blip
