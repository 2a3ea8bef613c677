// Grad-CAM of cross-attention: where in the image a model looked for each word.
#pragma once

#include <optional>
#include <vector>

#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// Which cross-attention is looked at. Both count from 0.
struct GradCamOptions {
  // {}: without it, gcc's -Wextra warns callers about every field they leave out.

  /// A layer of the text model that reads the image [7 of 12 layers, as LAVIS' demonstrations; of
  /// another number of layers the one at the same height, rounded down, but not the last: there
  /// words have no way to the matching head any more, and their maps are 0].
  std::optional<int> layer{};
  /// One head alone [the mean over all].
  std::optional<int> head{};
};

/// With A the probabilities with which a token of the text attends to the patches of the image, in
/// one layer and head, a map is the mean over the heads of A * max(dF/dA, 0), element by element.
/// What F is and which tokens have a map, the functions that return a GradCam say. The class token
/// of the image is no patch and left out. Maps are not negative, and not scaled to any range.
struct GradCam {
  std::vector<TokenId> tokens;
  Tensor maps;         ///< [tokens, rows, columns], the patches of the image from top left
  Tensor mean;         ///< [rows, columns], the mean over the tokens
  float score = 0.0F;  ///< F
};

}  // namespace blip
