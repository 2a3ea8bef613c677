// torch.nn.Conv2d for inference, over images with the channels last, over all threads of a Context.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "blip/context.hpp"

namespace blip {

/// Zeros around an image; each less than the kernel's size.
struct ImagePadding {
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  std::int64_t left = 0;
  std::int64_t right = 0;

  bool operator==(const ImagePadding&) const = default;
};

/// The images that a convolution reads.
struct ConvolutionInput {
  std::int64_t height = 0;
  std::int64_t width = 0;
  ImagePadding padding = {};

  bool operator==(const ConvolutionInput&) const = default;
};

/// What follows a convolution while its result is still in cache.
enum class ConvolutionEpilogue {
  bias,           ///< out = conv(x) + b
  bias_relu6,     ///< out = min(max(conv(x) + b, 0), 6)
  bias_residual,  ///< out = out + conv(x) + b: what `out` holds is the residual
};

struct ConvolutionShape {
  std::int64_t inputs = 0;   ///< channels
  std::int64_t outputs = 0;  ///< channels
  std::int64_t kernel = 1;   ///< pixels, in either direction
  std::int64_t stride = 1;
  std::int64_t groups = 1;  ///< of channels; as many as inputs: depthwise
  ConvolutionEpilogue epilogue = ConvolutionEpilogue::bias;

  bool operator==(const ConvolutionShape&) const = default;

  /// Rows of the result for so many rows of an image, or columns for columns.
  [[nodiscard]] std::int64_t output_size(std::int64_t size, std::int64_t before,
                                         std::int64_t after) const {
    return (size + before + after - kernel) / stride + 1;
  }
};

/// TensorFlow's SAME: a result of ceil(size / stride) pixels. Of an odd number of zeros the larger
/// half is behind the image.
ConvolutionInput with_same_padding(std::int64_t height, std::int64_t width,
                                   const ConvolutionShape& shape);

/// Immutable but for what it remembers of sizes it has seen: may be used from many threads at once,
/// each with a Context of its own. An image's result depends neither on the images beside it nor on
/// the number of threads.
class Convolution {
 public:
  /// Nothing but room for one.
  Convolution();
  /// weight: [O, I / groups, K, K], bias: [O]; both are copied. Weights are laid out for
  /// `expected`; other sizes may be slower. Throws unsupported if oneDNN cannot do it.
  Convolution(const ConvolutionShape& shape, const float* weight, const float* bias,
              const ConvolutionInput& expected);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  [[nodiscard]] const ConvolutionShape& shape() const noexcept;

  /// x: [B, H, W, I] → out: [B, OH, OW, O], which is not x.
  void apply(const float* x, std::int64_t batch, const ConvolutionInput& input, float* out,
             Context& context) const;

 private:
  friend class ConvolutionPool;
  class Plans;
  std::shared_ptr<Plans> plans_;
};

/// Convolutions of several models, of which equal ones share their weights. Keeps none alive. Safe
/// to use from many threads at once.
class ConvolutionPool {
 public:
  /// One that does the same: of weights and a bias that are equal to the last bit, laid out alike.
  Convolution shared(Convolution convolution);

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Convolution::Plans>> known_;
};

}  // namespace blip
