// TextDecoder: runs the text transformer token by token over cached keys and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "core/aligned_memory.hpp"
#include "model/cross_attention.hpp"
#include "model/decode_step.hpp"
#include "model/text_layers.hpp"
#include "model/text_model.hpp"

namespace blip {

/// Keys and values of every token fed so far, a cell each. Sequences are lists of cells, so beams
/// share the cells of what they have in common and reordering beams moves no keys.
class SelfAttentionCache {
 public:
  SelfAttentionCache(std::int64_t layers, std::int64_t hidden) : layers_(layers), hidden_(hidden) {}

  /// Adds an empty cell and returns its number.
  std::int64_t add_cell();
  /// [H]
  [[nodiscard]] float* key(std::int64_t layer, std::int64_t cell) const noexcept {
    return row(2 * layer, cell);
  }
  [[nodiscard]] float* value(std::int64_t layer, std::int64_t cell) const noexcept {
    return row(2 * layer + 1, cell);
  }

 private:
  // A caption of 20 tokens in 3 beams fills one page.
  static constexpr std::int64_t kCellsPerPage = 64;

  // page: [layers, 2, kCellsPerPage, H]
  [[nodiscard]] float* row(std::int64_t plane, std::int64_t cell) const noexcept {
    auto* page =
        reinterpret_cast<float*>(pages_[static_cast<std::size_t>(cell / kCellsPerPage)].get());
    return page + (plane * kCellsPerPage + cell % kCellsPerPage) * hidden_;
  }

  std::int64_t layers_;
  std::int64_t hidden_;
  std::int64_t cells_ = 0;
  std::vector<AlignedBytes> pages_;
};

/// One generation's state. Refers to the model, the images' caches and the Context, which outlive
/// it.
class TextDecoder {
 public:
  /// `images`: what the rows' `image` counts, images or questions.
  TextDecoder(const TextModel& model, const LanguageModelHead& head,
              std::span<const CrossAttentionCache* const> images, Context& context);

  /// A DecodeStep: feeds each row's new tokens and returns the logits after its last one,
  /// [rows, V], valid until the next call. Throws what require_embeddable throws.
  std::span<const float> step(std::span<const DecodeRow> rows);

  /// The same with the logits after every token: [tokens of all rows, V].
  std::span<const float> step_all_logits(std::span<const DecodeRow> rows);

 private:
  // The tokens being fed, and which row each belongs to. One at position p attends to the first
  // p + 1 cells of its row.
  struct FedTokens {
    std::vector<TextToken> tokens;
    std::vector<std::size_t> rows;
    std::vector<CrossAttentionRows> images;
  };

  FedTokens extend_histories(std::span<const DecodeRow> rows);
  void run_layers(const FedTokens& fed, float* x);
  void attend_to_history(std::int64_t layer, const FedTokens& fed, const float* query,
                         const float* key, const float* value, float* out);
  std::span<const float> compute_logits(const float* x, std::int64_t rows);

  const TextModel& model_;
  const LanguageModelHead& head_;
  std::vector<const CrossAttentionCache*> images_;
  Context& context_;
  SelfAttentionCache cache_;
  std::vector<std::vector<std::int64_t>> histories_;  // cells of each row of the last step
  std::vector<float> logits_;
};

}  // namespace blip
