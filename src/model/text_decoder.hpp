// TextDecoder: runs the text transformer token by token over cached keys and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "core/aligned_memory.hpp"
#include "model/decode_step.hpp"
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

/// One generation's state. Refers to the model, the images' cache and the Context, which outlive
/// it.
class TextDecoder {
 public:
  TextDecoder(const TextModel& model, const LanguageModelHead& head,
              const CrossAttentionCache& images, Context& context);

  /// A DecodeStep: feeds each row's new tokens and returns the logits after its last one,
  /// [rows, V], valid until the next call. Throws invalid_argument for a token outside the
  /// vocabulary and limit_exceeded past the last position embedding.
  std::span<const float> step(std::span<const DecodeRow> rows);

  /// The same with the logits after every token: [tokens of all rows, V].
  std::span<const float> step_all_logits(std::span<const DecodeRow> rows);

 private:
  // A token being fed: where it stands and what it may look at.
  struct FedToken {
    TokenId id;
    std::int64_t image;
    std::int64_t row;
    std::int64_t position;  // it attends to the first position + 1 cells of its row
  };

  std::vector<FedToken> extend_histories(std::span<const DecodeRow> rows);
  void run_layers(std::span<const FedToken> tokens, float* x);
  void attend_to_history(std::int64_t layer, std::span<const FedToken> tokens, const float* query,
                         const float* key, const float* value, float* out);
  void attend_to_image(std::int64_t layer, std::span<const FedToken> tokens, const float* query,
                       float* out);
  std::span<const float> compute_logits(const float* x, std::int64_t rows);

  const TextModel& model_;
  const LanguageModelHead& head_;
  const CrossAttentionCache& images_;
  Context& context_;
  SelfAttentionCache cache_;
  std::vector<std::vector<std::int64_t>> histories_;  // cells of each row of the last step
  std::vector<float> logits_;
};

}  // namespace blip
