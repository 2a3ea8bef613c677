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
/// A row's result is the same to the last bit whatever other images' rows are in the step. The two
/// kernels of linear() round differently, so the one is chosen by how many tokens the row's own
/// image has in the step, never by how many there are in all.
class TextDecoder {
 public:
  /// `images`: what the rows' `image` counts, images or questions. More may join.
  TextDecoder(const TextModel& model, const LanguageModelHead& head,
              std::span<const CrossAttentionCache* const> images, Context& context);
  /// Without images at first, and with a Context for each step.
  TextDecoder(const TextModel& model, const LanguageModelHead& head);

  /// Returns the number that rows call it by: the lowest that is free.
  int add_image(const CrossAttentionCache& image);
  /// No row may continue a row of it. Its number becomes free, its cells are used again.
  void remove_image(int image);

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
    std::vector<CrossAttentionRows> images;  // the tokens of each image
    std::vector<std::int64_t> image_rows;    // how many rows each has
  };
  // Consecutive rows of a matrix that are multiplied together.
  struct Section {
    std::int64_t first = 0;
    std::int64_t count = 0;
    RowProduct kernel = RowProduct::few;
  };

  static std::vector<Section> sections_of(std::span<const std::int64_t> counts);
  [[nodiscard]] FedTokens extend_histories(std::span<const DecodeRow> rows);
  void free_unused_cells(std::span<const History> more);
  static std::vector<std::int64_t> token_counts(const FedTokens& fed);
  void run_layers(const FedTokens& fed, float* x);
  void attend_to_history(std::int64_t layer, const FedTokens& fed, const Section& section,
                         const float* query, const float* key, const float* value, float* out);
  std::span<const float> compute_logits(const float* x, std::span<const std::int64_t> counts);

  const TextModel& model_;
  const LanguageModelHead& head_;
  std::vector<const CrossAttentionCache*> images_;  // null where one was removed
  Context* context_;                                // of the current step
  SelfAttentionCache cache_;
  std::vector<History> histories_;  // of each row of the last step
  std::vector<float> logits_;
};

}  // namespace blip
