#include "model/cross_attention_cache.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/panel_input.hpp"

namespace blip {

namespace {

std::int64_t element_size(WeightFormat format) {
  return format == WeightFormat::f16 ? 2 : 4;
}

// Writes floats as elements of a cache.
class ElementWriter {
 public:
  ElementWriter(std::byte* memory, WeightFormat format) : memory_(memory), format_(format) {}

  // values: [count] → elements [place, place + count). May change `values`.
  void write(std::span<float> values, std::int64_t place) const {
    std::byte* out = memory_ + place * element_size(format_);
    if (format_ == WeightFormat::f32) {
      std::memcpy(out, values.data(), values.size_bytes());
      return;
    }
    for (float& value : values) value = std::clamp(value, -kLargestFloat16, kLargestFloat16);
    convert_from_f32(values.data(), values.size(), format_, reinterpret_cast<std::uint16_t*>(out));
  }

 private:
  static constexpr float kLargestFloat16 = 65504.0F;

  std::byte* memory_;
  WeightFormat format_;
};

}  // namespace

CrossAttentionCache::CrossAttentionCache(std::int64_t layers, std::int64_t tokens,
                                         std::int64_t heads, std::int64_t head_size,
                                         WeightFormat format)
    : tokens_(tokens),
      heads_(heads),
      head_size_(head_size),
      stride_(round_up(tokens, kKeyPadding)),
      format_(format),
      bytes_(static_cast<std::size_t>(layers * heads * (stride_ + tokens) * head_size *
                                      element_size(format))),
      memory_(allocate_aligned(bytes_)) {}

CachedHead CrossAttentionCache::head(std::int64_t layer, std::int64_t head) const noexcept {
  const std::byte* keys = memory_.get() + place(layer, head) * element_size(format_);
  return {.keys = keys,
          .values = keys + head_size_ * stride_ * element_size(format_),
          .format = format_,
          .tokens = tokens_,
          .stride = stride_,
          .head_size = head_size_};
}

void CrossAttentionCache::store_head(const float* keys, const float* values, std::int64_t layer,
                                     std::int64_t head) {
  const std::int64_t hidden = heads_ * head_size_;
  const std::int64_t first = head * head_size_;
  const ElementWriter writer(memory_.get(), format_);
  const std::int64_t key_place = place(layer, head);
  std::vector<float> channel(static_cast<std::size_t>(stride_));
  for (std::int64_t c = 0; c < head_size_; ++c) {
    for (std::int64_t token = 0; token < stride_; token += kPanelTokens) {
      std::copy_n(keys + token * hidden + (first + c) * kPanelTokens, kPanelTokens,
                  channel.begin() + token);
    }
    std::fill(channel.begin() + tokens_, channel.end(), 0.0F);
    writer.write(channel, key_place + c * stride_);
  }
  const std::int64_t value_place = key_place + head_size_ * stride_;
  std::vector<float> value(static_cast<std::size_t>(head_size_));
  for (std::int64_t token = 0; token < tokens_; ++token) {
    std::copy_n(values + token * hidden + first, head_size_, value.begin());
    writer.write(value, value_place + token * head_size_);
  }
}

namespace {

// What the projections read, in the form that each takes.
class ProjectedStates {
 public:
  // states: [sum of lengths, E]. Every state begins a panel of its own. Lives in `context`'s
  // scratch.
  ProjectedStates(std::span<const CrossAttentionProjection> layers, const float* states,
                  std::span<const std::int64_t> lengths, Context& context) {
    for (const std::int64_t length : lengths) plain_.panels += panel_count(length);
    const std::int64_t channels = layers.front().key->weight.columns;
    auto* panels = context.scratch().allocate<float>(
        static_cast<std::size_t>(plain_.panels * kPanelTokens * channels));
    plain_.values = panels;
    for (const std::int64_t length : lengths) {
      rows_to_panels(states, length, channels, panels, context.threads());
      states += length * channels;
      panels += panel_count(length) * kPanelTokens * channels;
    }
    for (const auto& [key, value] : layers) {
      for (const Linear* layer : {key, value}) {
        if (quantized_ || !takes_quantized_input(*layer)) continue;
        quantized_ = panels_as_input(plain_.values, plain_.panels, *layer, context);
      }
    }
  }

  [[nodiscard]] std::int64_t panels() const { return plain_.panels; }

  // → out: [panels(), H, 16]
  void project(const Linear& layer, float* out, Context& context) const {
    apply(takes_quantized_input(layer) ? *quantized_ : plain_, layer, out, context, Epilogue::bias);
  }

 private:
  PanelInput plain_;
  std::optional<PanelInput> quantized_;
};

// As make_cross_attention_caches(), for as many states as go through the layers together: their
// caches join `caches`.
void add_caches(std::span<const CrossAttentionProjection> layers, const float* states,
                std::span<const std::int64_t> lengths, std::int64_t heads,
                std::vector<CrossAttentionCache>& caches, Context& context) {
  const std::int64_t hidden = layers.front().key->weight.rows;
  const bool int8 = layers.front().key->weight.format == WeightFormat::i8;
  const std::size_t first = caches.size();
  for (const std::int64_t length : lengths) {
    caches.emplace_back(static_cast<std::int64_t>(layers.size()), length, heads, hidden / heads,
                        int8 ? WeightFormat::f16 : WeightFormat::f32);
  }

  const Scratch::Frame frame(context.scratch());
  const ProjectedStates projected(layers, states, lengths, context);
  const auto size = static_cast<std::size_t>(projected.panels() * kPanelTokens * hidden);
  auto* keys = context.scratch().allocate<float>(size);    // [panels, H, 16]
  auto* panels = context.scratch().allocate<float>(size);  // the same of values
  auto* values = context.scratch().allocate<float>(size);  // [panels * 16, H]
  std::vector<std::int64_t> starts;
  std::int64_t start = 0;
  for (const std::int64_t length : lengths) {
    starts.push_back(start);
    start += panel_count(length) * kPanelTokens * hidden;
  }
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    projected.project(*layers[layer].key, keys, context);
    projected.project(*layers[layer].value, panels, context);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      panels_to_rows(panels + starts[i], lengths[i], hidden, values + starts[i], context.threads());
    }
    const std::size_t tasks = lengths.size() * static_cast<std::size_t>(heads);
    context.threads().parallel_for(tasks, [&](std::size_t task, int) {
      const std::size_t index = task / static_cast<std::size_t>(heads);
      const auto head = static_cast<std::int64_t>(task) % heads;
      caches[first + index].store_head(keys + starts[index], values + starts[index],
                                       static_cast<std::int64_t>(layer), head);
    });
  }
}

}  // namespace

std::vector<CrossAttentionCache> make_cross_attention_caches(
    std::span<const CrossAttentionProjection> layers, const float* states,
    std::span<const std::int64_t> lengths, std::int64_t heads, Context& context) {
  std::vector<CrossAttentionCache> caches;
  if (layers.empty()) return caches;
  while (!lengths.empty()) {
    std::size_t count = 0;
    std::int64_t panels = 0;
    std::int64_t rows = 0;
    do {
      rows += lengths[count];
      panels += panel_count(lengths[count++]);
    } while (count < lengths.size() && panels + panel_count(lengths[count]) <= kPanelsAtOnce);
    add_caches(layers, states, lengths.first(count), heads, caches, context);
    states += rows * layers.front().key->weight.columns;
    lengths = lengths.subspan(count);
  }
  return caches;
}

}  // namespace blip
