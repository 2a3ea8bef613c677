// TextDecoder: runs the text transformer token by token over cached keys and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "kernels/linear.hpp"
#include "model/cross_attention.hpp"
#include "model/decode_step.hpp"
#include "model/self_attention_cache.hpp"
#include "model/text_layers.hpp"
#include "model/text_model.hpp"

namespace blip {

/// The state of sequences that are generated together. Refers to the model and the images' caches,
/// which outlive it.
///
/// The two kernels of linear() round differently, and so do the two ways of cross-attention. Which
/// ones a step takes depends on how many rows there are:
/// - With the images of one call, on the rows of all images. This is the fastest way, and the last
///   bits of a row's logits may tell that there are more than a few rows.
/// - With images that come and go (continuous batching), on the rows of a row's own image. Its
///   logits are then the same to the last bit in any company.
class TextDecoder {
 public:
  /// For the images of one call: what the rows' `image` counts, images or questions.
  TextDecoder(const TextModel& model, const LanguageModelHead& head,
              std::span<const CrossAttentionCache* const> images, Context& context);
  /// For images that come and go, with a Context for each step.
  TextDecoder(const TextModel& model, const LanguageModelHead& head);

  /// For images that come and go. Returns the number that rows call it by: the lowest that is free.
  int add_image(const CrossAttentionCache& image);
  /// No row may continue a row of it. Its number becomes free, its cells are used again.
  void remove_image(int image) noexcept;

  /// A DecodeStep: feeds each row's new tokens and returns the logits after its last one,
  /// [rows, V], valid until the next call. Throws what require_embeddable throws.
  std::span<const float> step(std::span<const DecodeRow> rows);
  /// The same in that Context, which need not outlive the call.
  std::span<const float> step(std::span<const DecodeRow> rows, Context& context);

  /// The same with the logits after every token: [tokens of all rows, V].
  std::span<const float> step_all_logits(std::span<const DecodeRow> rows);

  /// Of the keys and values of self-attention.
  [[nodiscard]] std::size_t cache_bytes() const noexcept { return cache_.memory_bytes(); }

 private:
  struct History {
    int image = 0;
    std::vector<std::int64_t> cells;
  };
  // The tokens being fed, and which row each belongs to. One at position p attends to the first
  // p + 1 cells of its row.
  struct FedTokens {
    std::vector<TextToken> tokens;
    std::vector<std::size_t> rows;
    std::vector<History> histories;          // of each row
    std::vector<CrossAttentionRows> images;  // the tokens of each image, or of alike neighbours
    std::vector<std::int64_t> image_rows;    // how many rows each has
  };
  // Consecutive rows of a matrix that are multiplied together.
  struct Section {
    std::int64_t first = 0;
    std::int64_t count = 0;
    RowProduct kernel = RowProduct::few;
  };

  [[nodiscard]] std::vector<Section> sections_of(std::span<const std::int64_t> counts) const;
  [[nodiscard]] bool go_together(const DecodeRow& row, const FedTokens& fed) const;
  [[nodiscard]] FedTokens extend_histories(std::span<const DecodeRow> rows);
  void free_unused_cells(std::span<const History> more);
  static std::vector<std::int64_t> token_counts(const FedTokens& fed);
  void run_layers(const FedTokens& fed, float* x);
  void attend_to_history(std::int64_t layer, const FedTokens& fed, const Section& section,
                         const float* query, const float* key, const float* value, float* out);
  std::span<const float> compute_logits(const float* x, std::span<const std::int64_t> counts);

  const TextModel& model_;
  const LanguageModelHead& head_;
  bool images_come_and_go_;
  std::vector<const CrossAttentionCache*> images_;  // null where one was removed
  Context* context_;                                // of the current step
  SelfAttentionCache cache_;
  std::vector<History> histories_;  // of each row of the last step
  std::vector<float> logits_;
};

}  // namespace blip
