#include "model/text_decoder.hpp"

#include <algorithm>
#include <utility>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/decode_attention.hpp"
#include "kernels/linear.hpp"

namespace blip {
namespace {

std::size_t size(std::int64_t count) {
  return static_cast<std::size_t>(count);
}

}  // namespace

std::int64_t SelfAttentionCache::add_cell() {
  if (cells_ == static_cast<std::int64_t>(pages_.size()) * kCellsPerPage) {
    pages_.push_back(allocate_aligned(size(layers_ * 2 * kCellsPerPage * hidden_) * sizeof(float)));
  }
  return cells_++;
}

TextDecoder::TextDecoder(const TextModel& model, const LanguageModelHead& head,
                         std::span<const CrossAttentionCache* const> images, Context& context)
    : model_(model),
      head_(head),
      images_(images.begin(), images.end()),
      context_(context),
      cache_(model.config.num_hidden_layers, model.config.hidden_size) {}

// Gives every row its parent's history and a cell for each new token.
TextDecoder::FedTokens TextDecoder::extend_histories(std::span<const DecodeRow> rows) {
  FedTokens fed;
  std::vector<const CrossAttentionCache*> images;
  std::vector<std::int64_t> lengths;
  std::vector<std::vector<std::int64_t>> histories;
  histories.reserve(rows.size());
  for (const DecodeRow& row : rows) {
    std::vector<std::int64_t> history;
    if (row.parent >= 0) history = histories_.at(size(row.parent));
    images.push_back(images_.at(size(row.image)));
    lengths.push_back(static_cast<std::int64_t>(row.tokens.size()));
    for (const TokenId id : row.tokens) {
      fed.tokens.push_back({id, static_cast<std::int64_t>(history.size())});
      fed.rows.push_back(histories.size());
      require_embeddable(model_, fed.tokens.back());
      history.push_back(cache_.add_cell());
    }
    histories.push_back(std::move(history));
  }
  histories_ = std::move(histories);
  fed.images = group_by_cache(lengths, images);
  return fed;
}

std::span<const float> TextDecoder::step(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_.scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  const FedTokens fed = extend_histories(rows);
  auto* x = context_.scratch().allocate<float>(fed.tokens.size() * size(hidden));
  run_layers(fed, x);

  // Only the last token of each row predicts anything: gather those.
  auto* last = context_.scratch().allocate<float>(rows.size() * size(hidden));
  std::int64_t end = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    end += static_cast<std::int64_t>(rows[row].tokens.size());
    std::copy_n(x + (end - 1) * hidden, hidden, last + static_cast<std::int64_t>(row) * hidden);
  }
  return compute_logits(last, static_cast<std::int64_t>(rows.size()));
}

std::span<const float> TextDecoder::step_all_logits(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_.scratch());
  const FedTokens fed = extend_histories(rows);
  auto* x = context_.scratch().allocate<float>(fed.tokens.size() * size(model_.config.hidden_size));
  run_layers(fed, x);
  return compute_logits(x, static_cast<std::int64_t>(fed.tokens.size()));
}

// → x: [tokens, H], the last layer's states
void TextDecoder::run_layers(const FedTokens& fed, float* x) {
  const SelfAttentionStep attend = [&](std::int64_t layer, const float* query, const float* key,
                                       const float* value, float* out) {
    attend_to_history(layer, fed, query, key, value, out);
  };
  const CrossAttentionStep attend_to_image = [&](std::int64_t layer, float* states) {
    cross_attention_block(model_, layer, fed.images, static_cast<std::int64_t>(fed.tokens.size()),
                          states, context_);
  };
  run_text_layers(model_, fed.tokens, attend, attend_to_image, x, context_);
}

// query, key, value: [tokens, H] → out: [tokens, H]; keys and values join the cache.
void TextDecoder::attend_to_history(std::int64_t layer, const FedTokens& fed, const float* query,
                                    const float* key, const float* value, float* out) {
  Scratch& scratch = context_.scratch();
  const Scratch::Frame frame(scratch);
  const std::int64_t hidden = model_.config.hidden_size;
  const std::int64_t heads = model_.config.num_attention_heads;
  const std::int64_t head_size = hidden / heads;

  std::size_t longest = 0;
  for (std::size_t i = 0; i < fed.tokens.size(); ++i) {
    const std::size_t position = size(fed.tokens[i].position);
    const std::int64_t cell = histories_[fed.rows[i]][position];
    std::copy_n(key + static_cast<std::int64_t>(i) * hidden, hidden, cache_.key(layer, cell));
    std::copy_n(value + static_cast<std::int64_t>(i) * hidden, hidden, cache_.value(layer, cell));
    longest = std::max(longest, position + 1);
  }

  struct ThreadMemory {
    const float** keys;
    const float** values;
    float* scores;
  };
  std::vector<ThreadMemory> memory(size(context_.num_threads()));
  for (ThreadMemory& own : memory) {
    own = {scratch.allocate<const float*>(longest), scratch.allocate<const float*>(longest),
           scratch.allocate<float>(longest)};
  }
  context_.threads().parallel_for(fed.tokens.size(), [&](std::size_t i, int thread) {
    const ThreadMemory& own = memory[static_cast<std::size_t>(thread)];
    const std::vector<std::int64_t>& history = histories_[fed.rows[i]];
    const std::size_t visible = size(fed.tokens[i].position) + 1;
    for (std::size_t j = 0; j < visible; ++j) {
      own.keys[j] = cache_.key(layer, history[j]);
      own.values[j] = cache_.value(layer, history[j]);
    }
    const std::int64_t start = static_cast<std::int64_t>(i) * hidden;
    for (std::int64_t head = 0; head < heads; ++head) {
      const std::int64_t offset = head * head_size;
      attend_scattered(query + start + offset, {own.keys, visible}, {own.values, visible}, offset,
                       head_size, own.scores, out + start + offset);
    }
  });
}

// x: [rows, H] → logits: [rows, V]
std::span<const float> TextDecoder::compute_logits(const float* x, std::int64_t rows) {
  const Scratch::Frame frame(context_.scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  auto* transformed = context_.scratch().allocate<float>(size(rows * hidden));
  linear(x, rows, head_.transform, transformed, context_, Epilogue::bias_gelu);
  layer_norm(transformed, head_.layer_norm, rows, hidden, transformed);
  const std::size_t count = size(rows * model_.config.vocab_size);
  if (logits_.size() < count) logits_.resize(count);
  linear(transformed, rows, head_.decoder, logits_.data(), context_);
  return {logits_.data(), count};
}

}  // namespace blip
