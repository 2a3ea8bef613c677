// HashDecoder: a stand-in for a language model whose logits are a hash of the image, the last three
// tokens and the position. tools/reference/hash_decoder.py computes the same float32 bits, so that
// transformers' generate() and ours can be compared without a model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "model/decode_step.hpp"

namespace blip {

struct HashModel {
  int vocab_size = 0;
  int squarings = 0;    // 2^squarings is the exponent that makes the logits peaky
  float scale = 1.0F;   // the largest logit
  int stop_period = 4;  // about every how many positions the stop token is likely; 0: never
  TokenId stop_token_id = 0;
  std::uint32_t seed = 0;
};

inline std::uint32_t scramble(std::uint32_t value) {
  value ^= value >> 16U;
  value *= 0x7FEB352DU;
  value ^= value >> 15U;
  value *= 0x846CA68BU;
  value ^= value >> 16U;
  return value;
}

// All arithmetic rounds once per operation: a power of two times an integer below 2^24, products.
inline float unit_interval(std::uint32_t hash) {
  return static_cast<float>(hash >> 8U) * 0x1p-24F;
}

/// ids: a whole sequence → logits: [vocab_size]
inline void hash_logits(const HashModel& model, std::uint32_t image, std::span<const TokenId> ids,
                        std::span<float> logits) {
  std::uint32_t state = scramble(model.seed);
  const auto absorb = [&](std::uint32_t value) {
    state = scramble(state ^ (value * 0x9E3779B1U + 0x85EBCA77U));
  };
  absorb(image);
  for (std::size_t back = 1; back <= 3; ++back) {
    absorb(ids.size() >= back ? static_cast<std::uint32_t>(ids[ids.size() - back]) : 0xFFFFFFFFU);
  }
  absorb(static_cast<std::uint32_t>(ids.size()));

  for (std::size_t token = 0; token < logits.size(); ++token) {
    float x = unit_interval(scramble(state + static_cast<std::uint32_t>(token) * 0x9E3779B1U));
    for (int i = 0; i < model.squarings; ++i) x *= x;
    logits[token] = x * model.scale;
  }
  const std::uint32_t stop_hash = scramble(state ^ 0xC2B2AE3DU);
  if (model.stop_period > 0 && stop_hash % static_cast<std::uint32_t>(model.stop_period) == 0) {
    const float high = 0.75F + 0.25F * unit_interval(scramble(stop_hash));
    logits[static_cast<std::size_t>(model.stop_token_id)] = high * model.scale;
  }
}

/// A DecodeStep that also checks the caller's side of the contract.
class HashDecoder {
 public:
  /// images: what each image of the batch is called in the hash.
  HashDecoder(const HashModel& model, std::vector<std::uint32_t> images)
      : model_(model), images_(std::move(images)) {}

  std::span<const float> operator()(std::span<const DecodeRow> rows) {
    std::vector<History> histories;
    for (const DecodeRow& row : rows) {
      if (row.tokens.empty()) throw std::logic_error("a row without tokens");
      if (static_cast<std::size_t>(row.image) >= images_.size()) {
        throw std::logic_error("a row of no image");
      }
      if ((row.parent < 0) != rows_per_step.empty()) throw std::logic_error("a wrong parent");
      History history{row.image, {}};
      if (row.parent >= 0) {
        history = histories_.at(static_cast<std::size_t>(row.parent));
        if (history.image != row.image) throw std::logic_error("a parent of another image");
      }
      history.ids.insert(history.ids.end(), row.tokens.begin(), row.tokens.end());
      histories.push_back(std::move(history));
    }
    histories_ = std::move(histories);
    rows_per_step.push_back(rows.size());

    const auto vocab_size = static_cast<std::size_t>(model_.vocab_size);
    logits_.resize(rows.size() * vocab_size);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      hash_logits(model_, images_[static_cast<std::size_t>(rows[row].image)], histories_[row].ids,
                  std::span(logits_).subspan(row * vocab_size, vocab_size));
    }
    return logits_;
  }

  std::vector<std::size_t> rows_per_step;

 private:
  struct History {
    int image = 0;
    std::vector<TokenId> ids;
  };
  HashModel model_;
  std::vector<std::uint32_t> images_;
  std::vector<History> histories_;
  std::vector<float> logits_;
};

}  // namespace blip
