#include "model/efficientnet_lite.hpp"

#include <algorithm>
#include <utility>

#include "architectures/efficientnet_lite/blocks.hpp"
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/divide_up.hpp"
#include "model/colours.hpp"
#include "model/folded_convolution.hpp"

namespace blip {
namespace {

// Most convolutions of an image are cut into eight strips or more (kStripWork in
// kernels/float/convolution_plan.cpp). Threads beyond that get images of their own; few threads
// have one image at a time, which stays in their caches.
constexpr std::int64_t kThreadsPerImage = 8;

// Rows of pixels that a thread puts in order at a time.
constexpr std::int64_t kRowsAtOnce = 32;

constexpr auto kRelu6 = ConvolutionEpilogue::bias_relu6;

// Of images between two convolutions.
struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] Size after(const Convolution& convolution) const {
    const std::int64_t stride = convolution.shape().stride;
    return {divide_up(height, stride), divide_up(width, stride)};
  }
  [[nodiscard]] std::int64_t floats(std::int64_t channels) const {
    return height * width * channels;
  }
};

// pixels: [B, 3, H, W] → out: [B, H, W, 3]
void channels_last(const float* pixels, std::int64_t batch, Size size, float* out,
                   ThreadPool& threads) {
  const std::int64_t parts = divide_up(size.height, kRowsAtOnce);
  const std::int64_t area = size.height * size.width;
  threads.parallel_for(static_cast<std::size_t>(batch * parts), [&](std::size_t task, int) {
    const std::int64_t image = static_cast<std::int64_t>(task) / parts * kColours * area;
    const std::int64_t row = static_cast<std::int64_t>(task) % parts * kRowsAtOnce;
    const std::int64_t end = std::min(row + kRowsAtOnce, size.height) * size.width;
    for (std::int64_t pixel = row * size.width; pixel < end; ++pixel) {
      for (std::int64_t colour = 0; colour < kColours; ++colour) {
        out[image + pixel * kColours + colour] = pixels[image + colour * area + pixel];
      }
    }
  });
}

// x: [B, H, W, I] → out: [B, H', W', O]; returns the size of what is in `out`.
Size apply(const Convolution& convolution, const float* x, std::int64_t batch, Size size,
           float* out, Context& context) {
  const ConvolutionInput input = with_same_padding(size.height, size.width, convolution.shape());
  convolution.apply(x, batch, input, out, context);
  return size.after(convolution);
}

// Loads convolutions in the order of the data, which tells the size of what each will see.
class ConvolutionLoader {
 public:
  ConvolutionLoader(WeightLoader& loader, float epsilon, std::int64_t image_size)
      : loader_(loader), epsilon_(epsilon), size_(image_size) {}

  Convolution load(const FoldedNames& names, const ConvolutionShape& shape) {
    Convolution convolution = load_folded_convolution(loader_, names, shape, epsilon_, size_);
    size_ = divide_up(size_, shape.stride);
    return convolution;
  }

 private:
  WeightLoader& loader_;
  float epsilon_;
  std::int64_t size_;
};

}  // namespace

EfficientNetLite::EfficientNetLite(WeightLoader& loader, const EfficientNetLiteConfig& config,
                                   const std::string& prefix, std::int64_t image_size) {
  ConvolutionLoader convolutions(loader, config.batch_norm_eps, image_size);
  const std::string encoder = prefix + "encoder.";
  const int stem = stem_channels(config);
  stem_ = convolutions.load({prefix + "embeddings.convolution", prefix + "embeddings.batchnorm"},
                            {.inputs = kColours,
                             .outputs = stem,
                             .kernel = kStemKernel,
                             .stride = kStemStride,
                             .epilogue = kRelu6});
  std::int64_t channels = stem;
  for (const EfficientNetLiteBlock& block : blocks_of(config)) {
    const std::string name = encoder + "blocks." + std::to_string(blocks_.size()) + ".";
    Block& loaded = blocks_.emplace_back();
    if (block.expands()) {
      loaded.expansion = convolutions.load(
          {name + "expansion.expand_conv", name + "expansion.expand_bn"},
          {.inputs = block.inputs, .outputs = block.expanded, .epilogue = kRelu6});
    }
    loaded.depthwise = convolutions.load(
        {name + "depthwise_conv.depthwise_conv", name + "depthwise_conv.depthwise_norm"},
        {.inputs = block.expanded,
         .outputs = block.expanded,
         .kernel = block.kernel,
         .stride = block.stride,
         .groups = block.expanded,
         .epilogue = kRelu6});
    loaded.projection =
        convolutions.load({name + "projection.project_conv", name + "projection.project_bn"},
                          {.inputs = block.expanded,
                           .outputs = block.outputs,
                           .epilogue = block.adds_input() ? ConvolutionEpilogue::bias_residual
                                                          : ConvolutionEpilogue::bias});
    channels = block.outputs;
  }
  top_ = convolutions.load({encoder + "top_conv", encoder + "top_bn"},
                           {.inputs = channels, .outputs = config.hidden_dim, .epilogue = kRelu6});
}

std::int64_t EfficientNetLite::places(std::int64_t height, std::int64_t width) const {
  Size size = Size{height, width}.after(stem_);
  for (const Block& block : blocks_) size = size.after(block.depthwise);
  return size.floats(1);
}

void EfficientNetLite::encode(const float* pixels, std::int64_t batch, std::int64_t height,
                              std::int64_t width, float* map, Context& context) const {
  const std::int64_t at_once = divide_up(context.num_threads(), kThreadsPerImage);
  const std::int64_t map_size = places(height, width) * channels();
  for (std::int64_t first = 0; first < batch; first += at_once) {
    encode_together(pixels + first * kColours * height * width, std::min(at_once, batch - first),
                    height, width, map + first * map_size, context);
  }
}

void EfficientNetLite::encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                                       std::int64_t width, float* map, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const auto allocate = [&](std::int64_t floats) {
    return context.scratch().allocate<float>(static_cast<std::size_t>(batch * floats));
  };
  // What the blocks hand on, what they expand it to, and what becomes of that.
  const Size image{height, width};
  Size size = image.after(stem_);
  std::int64_t narrow = size.floats(stem_.shape().outputs);
  std::int64_t wide = image.floats(kColours);
  std::int64_t filtered = 0;
  for (const Block& block : blocks_) {
    wide = std::max(wide, size.floats(block.depthwise.shape().inputs));
    size = size.after(block.depthwise);
    filtered = std::max(filtered, size.floats(block.depthwise.shape().outputs));
    narrow = std::max(narrow, size.floats(block.projection.shape().outputs));
  }
  float* x = allocate(narrow);
  float* next = allocate(narrow);
  float* expanded = allocate(wide);
  float* deep = allocate(filtered);

  channels_last(pixels, batch, image, expanded, context.threads());
  size = apply(stem_, expanded, batch, image, x, context);
  for (const Block& block : blocks_) {
    if (block.expansion) apply(*block.expansion, x, batch, size, expanded, context);
    size = apply(block.depthwise, block.expansion ? expanded : x, batch, size, deep, context);
    const bool adds_input = block.projection.shape().epilogue == ConvolutionEpilogue::bias_residual;
    apply(block.projection, deep, batch, size, adds_input ? x : next, context);
    if (!adds_input) std::swap(x, next);
  }
  apply(top_, x, batch, size, map, context);
}

}  // namespace blip
