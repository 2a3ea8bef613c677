#include "model/text_decoder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/convert.hpp"
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
                         const CrossAttentionCache& images, Context& context)
    : model_(model),
      head_(head),
      images_(images),
      context_(context),
      cache_(model.config.num_hidden_layers, model.config.hidden_size) {}

// Gives every row its parent's history and a cell for each new token.
std::vector<TextDecoder::FedToken> TextDecoder::extend_histories(std::span<const DecodeRow> rows) {
  std::vector<FedToken> tokens;
  std::vector<std::vector<std::int64_t>> histories;
  histories.reserve(rows.size());
  for (const DecodeRow& row : rows) {
    std::vector<std::int64_t> history;
    if (row.parent >= 0) history = histories_.at(size(row.parent));
    for (const TokenId id : row.tokens) {
      if (id < 0 || id >= model_.config.vocab_size) {
        throw Error(ErrorCode::invalid_argument, "token id " + std::to_string(id) +
                                                     " is outside the model's vocabulary of " +
                                                     std::to_string(model_.config.vocab_size));
      }
      const auto position = static_cast<std::int64_t>(history.size());
      if (position >= model_.config.max_position_embeddings) {
        throw Error(ErrorCode::limit_exceeded,
                    "the text is longer than the model's " +
                        std::to_string(model_.config.max_position_embeddings) + " positions");
      }
      tokens.push_back({id, row.image, static_cast<std::int64_t>(histories.size()), position});
      history.push_back(cache_.add_cell());
    }
    histories.push_back(std::move(history));
  }
  histories_ = std::move(histories);
  return tokens;
}

std::span<const float> TextDecoder::step(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_.scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  const std::vector<FedToken> tokens = extend_histories(rows);
  float* x = context_.scratch().allocate<float>(tokens.size() * size(hidden));
  run_layers(tokens, x);

  // Only the last token of each row predicts anything: gather those.
  float* last = context_.scratch().allocate<float>(rows.size() * size(hidden));
  std::int64_t end = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    end += static_cast<std::int64_t>(rows[row].tokens.size());
    std::copy_n(x + (end - 1) * hidden, hidden, last + static_cast<std::int64_t>(row) * hidden);
  }
  return compute_logits(last, static_cast<std::int64_t>(rows.size()));
}

std::span<const float> TextDecoder::step_all_logits(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_.scratch());
  const std::vector<FedToken> tokens = extend_histories(rows);
  float* x = context_.scratch().allocate<float>(tokens.size() * size(model_.config.hidden_size));
  run_layers(tokens, x);
  return compute_logits(x, static_cast<std::int64_t>(tokens.size()));
}

// → x: [tokens, H], the last layer's states
void TextDecoder::run_layers(std::span<const FedToken> tokens, float* x) {
  Scratch& scratch = context_.scratch();
  const Scratch::Frame frame(scratch);
  const std::int64_t hidden = model_.config.hidden_size;
  const auto rows = static_cast<std::int64_t>(tokens.size());
  const auto allocate = [&](std::int64_t columns) {
    return scratch.allocate<float>(size(rows * columns));
  };
  float* query = allocate(hidden);
  float* key = allocate(hidden);
  float* value = allocate(hidden);
  float* attended = allocate(hidden);
  float* sum = allocate(hidden);
  float* inner = allocate(model_.config.intermediate_size);
  const auto normalise = [&](const LayerNorm& norm) { layer_norm(sum, norm, rows, hidden, x); };

  for (std::int64_t i = 0; i < rows; ++i) {
    const FedToken& token = tokens[size(i)];
    float* row = sum + i * hidden;
    convert_rows_to_f32(model_.word_embeddings, token.id, 1, row);
    const float* position = model_.position_embeddings + token.position * hidden;
    for (std::int64_t c = 0; c < hidden; ++c) row[c] += position[c];
  }
  normalise(model_.embedding_layer_norm);

  for (std::size_t index = 0; index < model_.layers.size(); ++index) {
    const TextLayer& layer = model_.layers[index];
    const auto number = static_cast<std::int64_t>(index);
    linear(x, rows, layer.attention.query, query, context_);
    linear(x, rows, layer.attention.key, key, context_);
    linear(x, rows, layer.attention.value, value, context_);
    attend_to_history(number, tokens, query, key, value, attended);
    linear(attended, rows, layer.attention.output, sum, context_, Epilogue::bias_residual, x);
    normalise(layer.attention.layer_norm);

    linear(x, rows, layer.crossattention.query, query, context_);
    attend_to_image(number, tokens, query, attended);
    linear(attended, rows, layer.crossattention.output, sum, context_, Epilogue::bias_residual, x);
    normalise(layer.crossattention.layer_norm);

    linear(x, rows, layer.intermediate, inner, context_, Epilogue::bias_gelu);
    linear(inner, rows, layer.output, sum, context_, Epilogue::bias_residual, x);
    normalise(layer.layer_norm);
  }
}

// query, key, value: [tokens, H] → out: [tokens, H]; keys and values join the cache.
void TextDecoder::attend_to_history(std::int64_t layer, std::span<const FedToken> tokens,
                                    const float* query, const float* key, const float* value,
                                    float* out) {
  Scratch& scratch = context_.scratch();
  const Scratch::Frame frame(scratch);
  const std::int64_t hidden = model_.config.hidden_size;
  const std::int64_t heads = model_.config.num_attention_heads;
  const std::int64_t head_size = hidden / heads;

  std::size_t longest = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const FedToken& token = tokens[i];
    const std::int64_t cell = histories_[size(token.row)][size(token.position)];
    std::copy_n(key + static_cast<std::int64_t>(i) * hidden, hidden, cache_.key(layer, cell));
    std::copy_n(value + static_cast<std::int64_t>(i) * hidden, hidden, cache_.value(layer, cell));
    longest = std::max(longest, size(token.position) + 1);
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
  context_.threads().parallel_for(tokens.size(), [&](std::size_t i, int thread) {
    const FedToken& token = tokens[i];
    const ThreadMemory& own = memory[static_cast<std::size_t>(thread)];
    const std::vector<std::int64_t>& history = histories_[size(token.row)];
    const std::size_t visible = size(token.position) + 1;
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

// query: [tokens, H] → out: [tokens, H]
void TextDecoder::attend_to_image(std::int64_t layer, std::span<const FedToken> tokens,
                                  const float* query, float* out) {
  const Scratch::Frame frame(context_.scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  const std::int64_t heads = model_.config.num_attention_heads;
  const std::int64_t head_size = hidden / heads;
  std::vector<float*> scores(size(context_.num_threads()));
  for (float*& buffer : scores) {
    buffer = context_.scratch().allocate<float>(size(images_.stride()));
  }
  // A head's keys and values of one image stay in the second-level cache while all beams of that
  // image, which stand side by side, read them.
  context_.threads().parallel_for(size(heads), [&](std::size_t task, int thread) {
    const auto head = static_cast<std::int64_t>(task);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::int64_t start = static_cast<std::int64_t>(i) * hidden + head * head_size;
      attend_transposed(query + start, images_.keys(layer, tokens[i].image, head),
                        images_.values(layer, tokens[i].image, head), images_.tokens(),
                        images_.stride(), head_size, scores[static_cast<std::size_t>(thread)],
                        out + start);
    }
  });
}

// x: [rows, H] → logits: [rows, V]
std::span<const float> TextDecoder::compute_logits(const float* x, std::int64_t rows) {
  const Scratch::Frame frame(context_.scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  float* transformed = context_.scratch().allocate<float>(size(rows * hidden));
  linear(x, rows, head_.transform, transformed, context_, Epilogue::bias_gelu);
  layer_norm(transformed, head_.layer_norm, rows, hidden, transformed);
  const std::size_t count = size(rows * model_.config.vocab_size);
  if (logits_.size() < count) logits_.resize(count);
  linear(transformed, rows, head_.decoder, logits_.data(), context_);
  return {logits_.data(), count};
}

}  // namespace blip
