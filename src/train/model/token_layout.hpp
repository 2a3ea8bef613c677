// TokenLayout: between padded texts and the list of their tokens.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <utility>

namespace blip::train {

/// What is computed for each token by itself is computed for a list of all tokens, in which there
/// is no padding: of a batch of captions nearly half is. Attention needs them in rows again.
class TokenLayout {
 public:
  /// A row for each text. mask: [A, T], 1 for a token, 0 for the padding behind
  static TokenLayout by_text(const torch::Tensor& mask);
  /// A row for each picture, with the tokens of all its texts one after the other: they read the
  /// picture side by side. counts: [B], how many texts each has; undefined: one each
  static TokenLayout by_picture(const torch::Tensor& mask, const torch::Tensor& counts);

  /// rows: [R, L, …] → the tokens [M, …]
  [[nodiscard]] torch::Tensor list(const torch::Tensor& rows) const;
  /// tokens: [M, H] → [R, L, H], 0 where there is no token
  [[nodiscard]] torch::Tensor rows(const torch::Tensor& tokens) const;

 private:
  TokenLayout(std::int64_t rows, std::int64_t length, torch::Tensor places)
      : rows_(rows), length_(length), places_(std::move(places)) {}

  std::int64_t rows_;
  std::int64_t length_;
  torch::Tensor places_;  // [M] of R · L, in the order of texts; undefined: each in turn
};

}  // namespace blip::train
