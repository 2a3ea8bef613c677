// VqganDecoder: from codes to pixels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/dalle.hpp"
#include "kernels/float/convolution.hpp"
#include "kernels/float/group_norm.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// Immutable. Its arithmetic is in float32 whatever number type the weights are stored in: its
/// convolutions are limited by arithmetic, and are few beside the decoder's weights.
class VqganDecoder {
 public:
  VqganDecoder(WeightLoader& loader, const VqganConfig& config, const std::string& prefix);

  /// codes: [height, width] in the book → out: [H, W, 3], W = width · 2^(levels - 1). The result
  /// does not depend on the number of threads.
  void decode(std::span<const TokenId> codes, std::int64_t height, std::int64_t width, float* out,
              Context& context) const;

  /// How many pixels a code is high and wide.
  [[nodiscard]] std::int64_t pixels_of_code() const noexcept {
    return std::int64_t{1} << (levels_.size() - 1);
  }

 private:
  struct ResnetBlock {
    GroupNorm norm1;
    Convolution conv1;
    GroupNorm norm2;
    Convolution conv2;                    // adds to what is there
    std::optional<Convolution> shortcut;  // where the channels change
  };
  struct AttentionBlock {
    GroupNorm norm;
    Convolution query;
    Convolution key;
    Convolution value;
    Convolution output;  // adds to what is there
  };
  struct Level {
    std::vector<ResnetBlock> blocks;
    std::vector<AttentionBlock> attentions;  // after each block, or none
    std::optional<Convolution> upsample;
  };
  class Loader;
  class Images;

  const float* book_;  // [codes, D]
  std::int64_t book_width_;
  Convolution post_quant_;
  Convolution first_;
  ResnetBlock middle1_;
  AttentionBlock middle_attention_;
  ResnetBlock middle2_;
  std::vector<Level> levels_;  // in the order of the data: the coarsest first
  GroupNorm last_norm_;
  Convolution last_;
};

}  // namespace blip
