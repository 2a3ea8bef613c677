// PanelFloats: token panels in memory of their own, and attention's definition over rows.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/aligned_memory.hpp"
#include "kernels/layout/attention_shape.hpp"
#include "kernels/layout/panels.hpp"
#include "reference.hpp"

namespace blip {

class PanelFloats {
 public:
  /// rows: [N, channels]
  PanelFloats(const std::vector<float>& rows, std::size_t channels, ThreadPool& threads)
      : channels_(channels),
        size_(static_cast<std::size_t>(panel_count(std::int64_t(rows.size() / channels)) *
                                       kPanelTokens) *
              channels),
        memory_(allocate_aligned(size_ * sizeof(float))) {
    rows_to_panels(rows.data(), std::int64_t(rows.size() / channels), std::int64_t(channels),
                   data(), threads);
  }

  [[nodiscard]] float* data() const { return reinterpret_cast<float*>(memory_.get()); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::int64_t panels() const {
    return std::int64_t(size_ / channels_) / kPanelTokens;
  }
  /// → [tokens, channels]
  [[nodiscard]] std::vector<float> rows(std::size_t tokens, ThreadPool& threads) const {
    std::vector<float> rows(tokens * channels_);
    panels_to_rows(data(), std::int64_t(tokens), std::int64_t(channels_), rows.data(), threads);
    return rows;
  }

 private:
  std::size_t channels_;
  std::size_t size_;
  AlignedBytes memory_;
};

/// qkv: [B, P * 16, 3, heads, D] → [B, P * 16, heads, D], of the tokens that there are; the others'
/// rows are zero.
template <typename Value>
std::vector<double> exact_attention(const std::vector<Value>& qkv, const AttentionShape& shape) {
  const auto size = static_cast<std::size_t>(shape.head_size);
  const auto heads = static_cast<std::size_t>(shape.heads);
  const auto padded = static_cast<std::size_t>(shape.padded_tokens());
  const std::size_t hidden = heads * size;
  std::vector<double> out(qkv.size() / 3);
  for (std::size_t row = 0; row < out.size() / hidden; ++row) {
    if (row % padded >= static_cast<std::size_t>(shape.tokens)) continue;
    for (std::size_t head = 0; head < heads; ++head) {
      const Value* query = qkv.data() + row * 3 * hidden + head * size;
      const Value* keys = qkv.data() + row / padded * padded * 3 * hidden + hidden + head * size;
      std::vector<double> scores;
      for (std::size_t i = 0; i < static_cast<std::size_t>(shape.tokens); ++i) {
        double score = 0.0;
        for (std::size_t c = 0; c < size; ++c) {
          score += static_cast<double>(query[c]) * keys[i * 3 * hidden + c];
        }
        scores.push_back(score);
      }
      const auto weights = exact_softmax(scores, 1.0 / std::sqrt(static_cast<double>(size)));
      for (std::size_t i = 0; i < weights.size(); ++i) {
        for (std::size_t c = 0; c < size; ++c) {
          out[row * hidden + head * size + c] += weights[i] * keys[hidden + i * 3 * hidden + c];
        }
      }
    }
  }
  return out;
}

/// found: [B, P * 16, heads, D], of which the rows of tokens that there are count.
inline void expect_attention(const std::vector<float>& qkv, const AttentionShape& shape,
                             const std::vector<float>& found, double tolerance,
                             const std::string& what) {
  const auto expected = exact_attention(qkv, shape);
  const auto hidden = static_cast<std::size_t>(shape.heads * shape.head_size);
  const auto padded = static_cast<std::size_t>(shape.padded_tokens());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i / hidden % padded >= static_cast<std::size_t>(shape.tokens)) continue;
    ASSERT_NEAR(found[i], expected[i], tolerance) << what << ", " << shape.tokens << " tokens";
  }
}

}  // namespace blip
