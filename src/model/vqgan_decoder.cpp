#include "model/vqgan_decoder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {
namespace {

constexpr std::int64_t kRgb = 3;
// Scores of a block of rows, 64 × 256 floats for a picture's codes, stay in a first-level cache or
// a second-level one.
constexpr std::int64_t kScoreRows = 64;

// x: [H, W, C] → out: [2H, 2W, C], each pixel four times
void double_size(const float* x, std::int64_t height, std::int64_t width, std::int64_t channels,
                 float* out, ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(height), [&](std::size_t task, int) {
    const auto row = static_cast<std::int64_t>(task);
    const std::int64_t wide = 2 * width * channels;
    float* target = out + 2 * row * wide;
    for (std::int64_t column = 0; column < width; ++column) {
      const float* pixel = x + (row * width + column) * channels;
      float* twice = std::copy_n(pixel, channels, target + 2 * column * channels);
      std::copy_n(pixel, channels, twice);
    }
    std::copy_n(target, wide, target + wide);
  });
}

// query, key, value: [pixels, C] → out: [pixels, C], one head
void attend_to_pixels(const float* query, const float* key, const float* value, std::int64_t pixels,
                      std::int64_t channels, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const auto memory = allocate_for_threads<float>(context, kScoreRows * pixels);
  const float scale = 1.0F / std::sqrt(static_cast<float>(channels));
  const std::int64_t blocks = divide_up(pixels, kScoreRows);
  context.threads().parallel_for(
      static_cast<std::size_t>(blocks), [&](std::size_t task, int thread) {
        const std::int64_t first = static_cast<std::int64_t>(task) * kScoreRows;
        const std::int64_t rows = std::min(kScoreRows, pixels - first);
        float* scores = memory[static_cast<std::size_t>(thread)];
        multiply_transposed({query + first * channels, channels}, {key, channels}, scores, pixels,
                            rows, pixels, channels);
        softmax_rows(scores, rows, pixels, pixels, scale);
        multiply({scores, pixels}, {value, channels}, out + first * channels, channels, rows,
                 channels, pixels);
      });
}

}  // namespace

// Loads layers for pictures of the configuration's size, in the order of the data.
class VqganDecoder::Loader {
 public:
  Loader(WeightLoader& loader, const VqganConfig& config)
      : loader_(loader), config_(config), side_(config.grid()) {}

  Convolution convolution(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                          std::int64_t kernel,
                          ConvolutionEpilogue epilogue = ConvolutionEpilogue::bias) {
    const ConvolutionShape shape = {
        .inputs = inputs, .outputs = outputs, .kernel = kernel, .epilogue = epilogue};
    const std::vector<float> weight =
        loader_.floats(name + ".weight", {outputs, inputs, kernel, kernel});
    return {shape, weight.data(), loader_.values(name + ".bias", {outputs}),
            with_same_padding(side_, side_, shape)};
  }

  GroupNorm norm(const std::string& name, std::int64_t channels) {
    return {.weight = loader_.values(name + ".weight", {channels}),
            .bias = loader_.values(name + ".bias", {channels}),
            .channels = channels,
            .groups = config_.norm_groups,
            .epsilon = config_.norm_eps};
  }

  ResnetBlock resnet_block(const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    ResnetBlock block = {.norm1 = norm(name + ".norm1", inputs),
                         .conv1 = convolution(name + ".conv1", outputs, inputs, 3),
                         .norm2 = norm(name + ".norm2", outputs),
                         .conv2 = convolution(name + ".conv2", outputs, outputs, 3,
                                              ConvolutionEpilogue::bias_residual),
                         .shortcut = std::nullopt};
    if (inputs != outputs) {
      block.shortcut = convolution(name + ".nin_shortcut", outputs, inputs, 1);
    }
    return block;
  }

  AttentionBlock attention_block(const std::string& name, std::int64_t channels) {
    const auto pixelwise = [&](const char* part, ConvolutionEpilogue epilogue) {
      return convolution(name + part, channels, channels, 1, epilogue);
    };
    return {.norm = norm(name + ".norm", channels),
            .query = pixelwise(".q", ConvolutionEpilogue::bias),
            .key = pixelwise(".k", ConvolutionEpilogue::bias),
            .value = pixelwise(".v", ConvolutionEpilogue::bias),
            .output = pixelwise(".proj_out", ConvolutionEpilogue::bias_residual)};
  }

  // number: its place in the file, 0 for the finest; channels: what it gets, then what it gives
  Level level(const std::string& name, int number, std::int64_t& channels) {
    const std::int64_t outputs =
        static_cast<std::int64_t>(config_.ch) * config_.ch_mult[static_cast<std::size_t>(number)];
    const bool attends =
        std::ranges::find(config_.attn_resolutions, config_.resolution >> number) !=
        config_.attn_resolutions.end();
    Level level;
    for (int i = 0; i <= config_.num_res_blocks; ++i) {
      const std::string index = std::to_string(i);
      level.blocks.push_back(resnet_block(name + "block." + index, channels, outputs));
      if (attends) level.attentions.push_back(attention_block(name + "attn." + index, outputs));
      channels = outputs;
    }
    if (number > 0) {
      side_ *= 2;
      level.upsample = convolution(name + "upsample.conv", channels, channels, 3);
    }
    return level;
  }

 private:
  WeightLoader& loader_;
  const VqganConfig& config_;
  std::int64_t side_;
};

VqganDecoder::VqganDecoder(WeightLoader& loader, const VqganConfig& config,
                           const std::string& prefix)
    : book_(loader.values(prefix + "embedding.weight", {config.n_embed, config.embed_dim})),
      book_width_(config.embed_dim) {
  Loader layers(loader, config);
  const std::string decoder = prefix + "decoder.";
  std::int64_t channels = static_cast<std::int64_t>(config.ch) * config.ch_mult.back();
  post_quant_ = layers.convolution(prefix + "post_quant_conv", config.z_channels, book_width_, 1);
  first_ = layers.convolution(decoder + "conv_in", channels, config.z_channels, 3);
  middle1_ = layers.resnet_block(decoder + "mid.block_1", channels, channels);
  middle_attention_ = layers.attention_block(decoder + "mid.attn_1", channels);
  middle2_ = layers.resnet_block(decoder + "mid.block_2", channels, channels);
  for (int number = static_cast<int>(config.ch_mult.size()) - 1; number >= 0; --number) {
    levels_.push_back(
        layers.level(decoder + "up." + std::to_string(number) + ".", number, channels));
  }
  last_norm_ = layers.norm(decoder + "norm_out", channels);
  last_ = layers.convolution(decoder + "conv_out", kRgb, channels, 3);
}

// The picture on its way: x [H, W, C], and room for two more of its largest size.
class VqganDecoder::Images {
 public:
  Images(std::int64_t height, std::int64_t width, std::int64_t most, Context& context)
      : height_(height), width_(width), context_(context) {
    for (float** buffer : {&x_, &y_, &z_}) {
      *buffer = context.scratch().allocate<float>(static_cast<std::size_t>(most));
    }
  }

  [[nodiscard]] float* x() noexcept { return x_; }

  void apply(const Convolution& convolution) {
    run(convolution, x_, y_);
    std::swap(x_, y_);
  }

  void apply(const ResnetBlock& block) {
    norm(block.norm1, AfterNorm::silu, x_, y_);
    run(block.conv1, y_, z_);
    norm(block.norm2, AfterNorm::silu, z_, z_);
    if (block.shortcut) {
      run(*block.shortcut, x_, y_);
      std::swap(x_, y_);
    }
    run(block.conv2, z_, x_);
  }

  void apply(const AttentionBlock& block) {
    const Scratch::Frame frame(context_.scratch());
    const std::int64_t channels = block.norm.channels;
    const std::int64_t pixels = height_ * width_;
    const auto count = static_cast<std::size_t>(pixels * channels);
    auto* key = context_.scratch().allocate<float>(count);
    auto* value = context_.scratch().allocate<float>(count);
    norm(block.norm, AfterNorm::nothing, x_, y_);
    run(block.query, y_, z_);
    run(block.key, y_, key);
    run(block.value, y_, value);
    attend_to_pixels(z_, key, value, pixels, channels, y_, context_);
    run(block.output, y_, x_);
  }

  void apply(const Level& level) {
    for (std::size_t i = 0; i < level.blocks.size(); ++i) {
      apply(level.blocks[i]);
      if (!level.attentions.empty()) apply(level.attentions[i]);
    }
    if (!level.upsample) return;
    double_size(x_, height_, width_, level.upsample->shape().inputs, y_, context_.threads());
    height_ *= 2;
    width_ *= 2;
    std::swap(x_, y_);
    apply(*level.upsample);
  }

  void finish(const GroupNorm& last_norm, const Convolution& last, float* out) {
    norm(last_norm, AfterNorm::silu, x_, y_);
    run(last, y_, out);
  }

 private:
  void norm(const GroupNorm& norm, AfterNorm after, const float* in, float* out) {
    group_norm(in, norm, 1, height_ * width_, after, out, context_);
  }
  void run(const Convolution& convolution, const float* in, float* out) {
    convolution.apply(in, 1, with_same_padding(height_, width_, convolution.shape()), out,
                      context_);
  }

  std::int64_t height_;
  std::int64_t width_;
  Context& context_;
  float* x_ = nullptr;
  float* y_ = nullptr;
  float* z_ = nullptr;
};

void VqganDecoder::decode(std::span<const TokenId> codes, std::int64_t height, std::int64_t width,
                          float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  // The largest that lies between two layers.
  std::int64_t pixels = height * width;
  std::int64_t most =
      pixels * std::max({book_width_, post_quant_.shape().outputs, first_.shape().outputs});
  for (const Level& level : levels_) {
    most = std::max(most, pixels * level.blocks.front().conv1.shape().inputs);
    most = std::max(most, pixels * level.blocks.front().conv1.shape().outputs);
    if (!level.upsample) continue;
    pixels *= 4;
    most = std::max(most, pixels * level.upsample->shape().inputs);
  }
  Images images(height, width, most, context);
  float* x = images.x();
  for (const TokenId code : codes) x = std::copy_n(book_ + code * book_width_, book_width_, x);
  images.apply(post_quant_);
  images.apply(first_);
  images.apply(middle1_);
  images.apply(middle_attention_);
  images.apply(middle2_);
  for (const Level& level : levels_) images.apply(level);
  images.finish(last_norm_, last_, out);
}

}  // namespace blip
