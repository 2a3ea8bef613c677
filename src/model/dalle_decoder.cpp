#include "model/dalle_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "architectures/dalle/config.hpp"
#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/decode_attention.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"
#include "model/cross_attention.hpp"

namespace blip {
namespace {

// A row's sums must not depend on how many pictures are drawn with it, so that a seed's first
// picture is the same alone and in a grid: always the same kernel.
constexpr RowProduct kKernel = RowProduct::few;
// For the same reason cross-attention gets its rows in groups below the size from which it
// multiplies matrices.
constexpr std::int64_t kRowsOfGroup = kCachedScores;

constexpr float kLargestFloat16 = 65504.0F;

}  // namespace

DalleDecoder::DalleDecoder(WeightLoader& loader, const DalleConfig& config)
    : width_(config.d_model),
      heads_(config.decoder_attention_heads),
      length_(config.image_length),
      embeddings_(loader, kDalleDecoder, std::int64_t{1} + config.image_vocab_size,
                  config.image_length, config.d_model) {
  const std::string part = kDalleDecoder;
  for (int i = 0; i < config.decoder_layers; ++i) {
    const std::string layer = part + "layers." + std::to_string(i) + ".";
    layers_.push_back({DalleAttention(loader, layer, "self_attn", width_),
                       DalleAttention(loader, layer, "encoder_attn", width_),
                       GatedLinearUnit(loader, layer, width_, config.decoder_ffn_dim)});
  }
  final_norm_ = loader.unscaled_norm(part + "final_ln", width_, embeddings_.norm.epsilon);
  head_ = loader.linear_without_bias(part + "lm_head", std::int64_t{1} + config.image_vocab_size,
                                     width_);
}

std::vector<CrossAttentionCache> DalleDecoder::read_texts(const float* states,
                                                          std::span<const std::int64_t> lengths,
                                                          Context& context) const {
  std::vector<CrossAttentionProjection> projections;
  for (const Layer& layer : layers_) projections.push_back({&layer.cross.key, &layer.cross.value});
  return make_cross_attention_caches(projections, states, lengths, heads_, context);
}

DalleDecoding::DalleDecoding(const DalleDecoder& decoder,
                             std::span<const CrossAttentionCache> texts, std::int64_t images)
    : decoder_(decoder),
      texts_(texts),
      images_(images),
      rows_(std::ssize(texts) * images),
      // As cross-attention has them: the rounding of int8 leaves that of float16 far behind.
      format_(decoder.head_.weight.format == WeightFormat::i8 ? WeightFormat::f16
                                                              : WeightFormat::f32),
      // With a multiple of 256 the elements of a key, of which each vector of scores takes one from
      // every row, would meet in a few sets of the cache.
      stride_(round_up(decoder.length(), kKeyPadding) + kKeyPadding),
      logits_(static_cast<std::size_t>(rows_ * decoder.vocabulary())) {
  const std::size_t bytes =
      static_cast<std::size_t>(decoder.layers() * rows_ * 2 * stride_ * decoder.width()) *
      bytes_per_weight(format_);
  try {
    memory_ = allocate_aligned(bytes);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded, "not enough memory for the keys and values of " +
                                               std::to_string(images) + " pictures, " +
                                               std::to_string(bytes >> 20U) + " MiB");
  }
  // What attention reads past the codes that are there must be finite.
  std::memset(memory_.get(), 0, bytes);
}

std::byte* DalleDecoding::head(std::int64_t layer, std::int64_t row, std::int64_t head) const {
  const std::int64_t size = decoder_.width() / decoder_.heads();
  const std::int64_t place = ((layer * rows_ + row) * decoder_.heads() + head) * 2 * stride_ * size;
  return memory_.get() + static_cast<std::size_t>(place) * bytes_per_weight(format_);
}

// key, value: [rows, E] of the newest code
void DalleDecoding::store(std::int64_t layer, const float* key, const float* value,
                          Context& context) {
  const std::int64_t width = decoder_.width();
  const std::int64_t heads = decoder_.heads();
  const std::int64_t size = width / heads;
  const auto put = [&](std::byte* target, float number) {
    if (format_ == WeightFormat::f32) {
      std::memcpy(target, &number, sizeof(number));
    } else {
      std::uint16_t half = 0;
      number = std::clamp(number, -kLargestFloat16, kLargestFloat16);
      convert_from_f32(&number, 1, format_, &half);
      std::memcpy(target, &half, sizeof(half));
    }
  };
  const auto bytes = static_cast<std::int64_t>(bytes_per_weight(format_));
  context.threads().parallel_for(static_cast<std::size_t>(rows_), [&](std::size_t task, int) {
    const auto row = static_cast<std::int64_t>(task);
    for (std::int64_t h = 0; h < heads; ++h) {
      std::byte* keys = head(layer, row, h);
      std::byte* values = keys + size * stride_ * bytes;
      const std::int64_t start = row * width + h * size;
      for (std::int64_t c = 0; c < size; ++c) {
        put(keys + (c * stride_ + done_) * bytes, key[start + c]);
        put(values + (done_ * size + c) * bytes, value[start + c]);
      }
    }
  });
}

// query: [rows, E] → out: [rows, E]: each row sees its own codes up to the newest
void DalleDecoding::attend(std::int64_t layer, const float* query, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t width = decoder_.width();
  const std::int64_t heads = decoder_.heads();
  const std::int64_t size = width / heads;
  const auto bytes = static_cast<std::int64_t>(bytes_per_weight(format_));
  const auto scores = allocate_for_threads<float>(context, kCachedScores * stride_);
  context.threads().parallel_for(
      static_cast<std::size_t>(rows_ * heads), [&](std::size_t task, int thread) {
        const std::int64_t row = static_cast<std::int64_t>(task) / heads;
        const std::int64_t h = static_cast<std::int64_t>(task) % heads;
        const std::byte* keys = head(layer, row, h);
        const CachedHead cached = {.keys = keys,
                                   .values = keys + size * stride_ * bytes,
                                   .format = format_,
                                   .tokens = done_ + 1,
                                   .stride = stride_,
                                   .head_size = size};
        const std::int64_t start = row * width + h * size;
        attend_cached(cached, query + start, 1, width, scores[static_cast<std::size_t>(thread)],
                      out + start);
      });
}

void DalleDecoding::cross_attend(std::int64_t layer, const float* query, float* out,
                                 Context& context) {
  std::vector<CrossAttentionRows> groups;
  for (std::int64_t text = 0; text < std::ssize(texts_); ++text) {
    for (std::int64_t first = 0; first < images_; first += kRowsOfGroup) {
      groups.push_back({&texts_[static_cast<std::size_t>(text)], text * images_ + first,
                        std::min(kRowsOfGroup, images_ - first)});
    }
  }
  const std::int64_t heads = decoder_.heads();
  cross_attention(layer, groups, heads, decoder_.width() / heads, query, out, context);
}

std::span<const float> DalleDecoding::step(std::span<const TokenId> previous, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t width = decoder_.width();
  const auto allocate = [&] {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows_ * width));
  };
  float* x = allocate();
  float* normal = allocate();
  float* query = allocate();
  float* key = allocate();
  float* value = allocate();
  for (std::int64_t row = 0; row < rows_; ++row) {
    decoder_.embeddings_.embed(previous[static_cast<std::size_t>(row % images_)], done_,
                               x + row * width);
  }
  for (std::int64_t i = 0; i < decoder_.layers(); ++i) {
    const DalleDecoder::Layer& layer = decoder_.layers_[static_cast<std::size_t>(i)];
    layer_norm(x, layer.self.before, rows_, width, normal, context.threads());
    const std::array<LinearOutput, 3> outputs = {LinearOutput{&layer.self.query, query},
                                                 LinearOutput{&layer.self.key, key},
                                                 LinearOutput{&layer.self.value, value}};
    linear(normal, rows_, outputs, context, kKernel);
    store(i, key, value, context);
    attend(i, query, normal, context);
    add_attended(normal, rows_, layer.self, x, context, kKernel);

    layer_norm(x, layer.cross.before, rows_, width, normal, context.threads());
    linear(normal, rows_, layer.cross.query, query, context, Epilogue::bias, nullptr, kKernel);
    cross_attend(i, query, normal, context);
    add_attended(normal, rows_, layer.cross, x, context, kKernel);

    add_gated_unit(layer.unit, rows_, x, context, kKernel);
  }
  layer_norm(x, decoder_.final_norm_, rows_, width, x, context.threads());
  linear(x, rows_, decoder_.head_, logits_.data(), context, Epilogue::bias, nullptr, kKernel);
  ++done_;
  return logits_;
}

}  // namespace blip
