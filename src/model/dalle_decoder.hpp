// DalleDecoder: DALL-E's decoder of image codes, step by step for all pictures of a grid.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/dalle.hpp"
#include "core/aligned_memory.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/dalle_layers.hpp"

namespace blip {

class DalleDecoder {
 public:
  DalleDecoder(WeightLoader& loader, const DalleConfig& config);

  /// The keys and values of a text for every layer: states [tokens, E] of all texts → one cache for
  /// each of the lengths.
  [[nodiscard]] std::vector<CrossAttentionCache> read_texts(const float* states,
                                                            std::span<const std::int64_t> lengths,
                                                            Context& context) const;

  [[nodiscard]] std::int64_t vocabulary() const noexcept { return head_.weight.rows; }
  [[nodiscard]] std::int64_t length() const noexcept { return length_; }
  [[nodiscard]] std::int64_t layers() const noexcept { return std::ssize(layers_); }
  [[nodiscard]] std::int64_t width() const noexcept { return width_; }
  [[nodiscard]] std::int64_t heads() const noexcept { return heads_; }

 private:
  friend class DalleDecoding;
  struct Layer {
    DalleAttention self;
    DalleAttention cross;
    GatedLinearUnit unit;
  };

  std::int64_t width_;
  std::int64_t heads_;
  std::int64_t length_;
  DalleEmbeddings embeddings_;
  std::vector<Layer> layers_;
  LayerNorm final_norm_;
  Linear head_;  // [codes and the token at the start, E]
};

/// Pictures being drawn. Each text has the same number of rows, one after the other: without
/// guidance one text, with it the empty one first.
class DalleDecoding {
 public:
  /// All must outlive it. Throws limit_exceeded if there is not enough memory for the keys and
  /// values of the pictures' codes.
  DalleDecoding(const DalleDecoder& decoder, std::span<const CrossAttentionCache> texts,
                std::int64_t images);

  /// previous: [images], the code before the next one, which is the same for every text → logits:
  /// [texts * images, vocabulary], valid until the next step. At most length() steps.
  std::span<const float> step(std::span<const TokenId> previous, Context& context);

 private:
  [[nodiscard]] std::byte* head(std::int64_t layer, std::int64_t row, std::int64_t head) const;
  void store(std::int64_t layer, const float* key, const float* value, Context& context);
  void attend(std::int64_t layer, const float* query, float* out, Context& context);
  void cross_attend(std::int64_t layer, const float* query, float* out, Context& context);

  const DalleDecoder& decoder_;
  std::span<const CrossAttentionCache> texts_;
  std::int64_t images_;
  std::int64_t rows_;
  WeightFormat format_;  // of keys and values
  std::int64_t stride_;  // length() rounded up to kKeyPadding
  std::int64_t done_ = 0;
  AlignedBytes memory_;  // [layers, rows, heads] of keys [D, stride] and values [stride, D]
  std::vector<float> logits_;
};

}  // namespace blip
