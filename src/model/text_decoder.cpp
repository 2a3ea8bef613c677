#include "model/text_decoder.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <numeric>
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

TextDecoder::TextDecoder(const TextModel& model, const LanguageModelHead& head,
                         std::span<const CrossAttentionCache* const> images, Context& context)
    : model_(model),
      head_(head),
      images_come_and_go_(false),
      images_(images.begin(), images.end()),
      context_(&context),
      cache_(model.config.num_hidden_layers, model.config.hidden_size) {}

TextDecoder::TextDecoder(const TextModel& model, const LanguageModelHead& head)
    : model_(model),
      head_(head),
      images_come_and_go_(true),
      context_(nullptr),
      cache_(model.config.num_hidden_layers, model.config.hidden_size) {}

int TextDecoder::add_image(const CrossAttentionCache& image) {
  auto place = std::find(images_.begin(), images_.end(), nullptr);
  if (place == images_.end()) place = images_.insert(place, nullptr);
  *place = &image;
  return static_cast<int>(place - images_.begin());
}

void TextDecoder::remove_image(int image) noexcept {
  images_[size(image)] = nullptr;
  for (History& history : histories_) {
    if (history.image == image) history.cells.clear();
  }
  try {
    free_unused_cells({});
  } catch (const std::bad_alloc&) {
    // The cells stay taken until the next time that unused ones are looked for.
  }
}

// Empties the cells that neither the last step's rows nor `more` have.
void TextDecoder::free_unused_cells(std::span<const History> more) {
  // Not vector<bool>, which has no elements to refer to.
  const auto used = std::make_unique<bool[]>(cache_.capacity());
  const auto mark = [&](std::span<const History> histories) {
    for (const History& history : histories) {
      for (const std::int64_t cell : history.cells) used[size(cell)] = true;
    }
  };
  mark(histories_);
  mark(more);
  cache_.keep_only({used.get(), cache_.capacity()});
}

// Whether a row joins the group of the row before it.
bool TextDecoder::go_together(const DecodeRow& row, const FedTokens& fed) const {
  if (fed.images.empty()) return false;
  if (images_come_and_go_) return fed.histories.back().image == row.image;
  return fed.images.back().cache == images_.at(size(row.image));
}

// Gives every row its parent's history and a cell for each new token.
TextDecoder::FedTokens TextDecoder::extend_histories(std::span<const DecodeRow> rows) {
  FedTokens fed;
  fed.histories.reserve(rows.size());
  for (const DecodeRow& row : rows) {
    if (!go_together(row, fed)) {
      fed.images.push_back(
          {images_.at(size(row.image)), static_cast<std::int64_t>(fed.tokens.size()), 0});
      fed.image_rows.push_back(0);
    }
    fed.images.back().count += static_cast<std::int64_t>(row.tokens.size());
    ++fed.image_rows.back();

    History& history = fed.histories.emplace_back();
    history.image = row.image;
    if (row.parent >= 0) history.cells = histories_.at(size(row.parent)).cells;
    for (const TokenId id : row.tokens) {
      fed.tokens.push_back({id, static_cast<std::int64_t>(history.cells.size())});
      fed.rows.push_back(fed.histories.size() - 1);
      require_embeddable(model_, fed.tokens.back());
      if (cache_.is_full()) free_unused_cells(fed.histories);
      history.cells.push_back(cache_.add_cell());
    }
  }
  return fed;
}

// counts: of each group. Neighbours whose own counts choose the same kernel are multiplied
// together, or all, if they are of one call.
std::vector<TextDecoder::Section> TextDecoder::sections_of(
    std::span<const std::int64_t> counts) const {
  if (!images_come_and_go_) {
    const std::int64_t all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    return {{0, all, row_product(all)}};
  }
  std::vector<Section> sections;
  std::int64_t first = 0;
  for (const std::int64_t count : counts) {
    const RowProduct kernel = row_product(count);
    if (count > 0 && (sections.empty() || sections.back().kernel != kernel)) {
      sections.push_back({first, 0, kernel});
    }
    if (count > 0) sections.back().count += count;
    first += count;
  }
  return sections;
}

std::span<const float> TextDecoder::step(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_->scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  FedTokens fed = extend_histories(rows);
  auto* x = context_->scratch().allocate<float>(fed.tokens.size() * size(hidden));
  run_layers(fed, x);

  // Only the last token of each row predicts anything: gather those.
  auto* last = context_->scratch().allocate<float>(rows.size() * size(hidden));
  std::int64_t end = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    end += static_cast<std::int64_t>(rows[row].tokens.size());
    std::copy_n(x + (end - 1) * hidden, hidden, last + static_cast<std::int64_t>(row) * hidden);
  }
  const std::span<const float> logits = compute_logits(last, fed.image_rows);
  histories_ = std::move(fed.histories);
  return logits;
}

std::span<const float> TextDecoder::step(std::span<const DecodeRow> rows, Context& context) {
  context_ = &context;
  return step(rows);
}

std::span<const float> TextDecoder::step_all_logits(std::span<const DecodeRow> rows) {
  const Scratch::Frame frame(context_->scratch());
  FedTokens fed = extend_histories(rows);
  auto* x =
      context_->scratch().allocate<float>(fed.tokens.size() * size(model_.config.hidden_size));
  run_layers(fed, x);
  const std::span<const float> logits = compute_logits(x, token_counts(fed));
  histories_ = std::move(fed.histories);
  return logits;
}

// How many tokens each image has.
std::vector<std::int64_t> TextDecoder::token_counts(const FedTokens& fed) {
  std::vector<std::int64_t> counts;
  for (const CrossAttentionRows& image : fed.images) counts.push_back(image.count);
  return counts;
}

// → x: [tokens, H], the last layer's states
void TextDecoder::run_layers(const FedTokens& fed, float* x) {
  for (const Section& section : sections_of(token_counts(fed))) {
    std::vector<CrossAttentionRows> images;
    for (CrossAttentionRows image : fed.images) {
      if (image.first < section.first || image.first >= section.first + section.count) continue;
      image.first -= section.first;
      images.push_back(image);
    }
    const SelfAttentionStep attend = [&](std::int64_t layer, const float* query, const float* key,
                                         const float* value, float* out) {
      attend_to_history(layer, fed, section, query, key, value, out);
    };
    const CrossAttentionStep attend_to_image = [&](std::int64_t layer, float* states) {
      cross_attention_block(model_, layer, images, section.count, states, *context_,
                            section.kernel);
    };
    run_text_layers(model_, std::span(fed.tokens).subspan(size(section.first), size(section.count)),
                    attend, attend_to_image, x + section.first * model_.config.hidden_size,
                    *context_, section.kernel);
  }
}

// The tokens of a section: query, key, value: [tokens, H] → out: [tokens, H]; keys and values join
// the cache.
void TextDecoder::attend_to_history(std::int64_t layer, const FedTokens& fed,
                                    const Section& section, const float* query, const float* key,
                                    const float* value, float* out) {
  Scratch& scratch = context_->scratch();
  const Scratch::Frame frame(scratch);
  const std::int64_t hidden = model_.config.hidden_size;
  const std::int64_t heads = model_.config.num_attention_heads;
  const std::int64_t head_size = hidden / heads;
  const auto tokens = std::span(fed.tokens).subspan(size(section.first), size(section.count));
  const auto rows = std::span(fed.rows).subspan(size(section.first), size(section.count));

  std::size_t longest = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t position = size(tokens[i].position);
    const std::int64_t cell = fed.histories[rows[i]].cells[position];
    std::copy_n(key + static_cast<std::int64_t>(i) * hidden, hidden, cache_.key(layer, cell));
    std::copy_n(value + static_cast<std::int64_t>(i) * hidden, hidden, cache_.value(layer, cell));
    longest = std::max(longest, position + 1);
  }

  struct ThreadMemory {
    const float** keys;
    const float** values;
    float* scores;
  };
  std::vector<ThreadMemory> memory(size(context_->num_threads()));
  for (ThreadMemory& own : memory) {
    own = {scratch.allocate<const float*>(longest), scratch.allocate<const float*>(longest),
           scratch.allocate<float>(longest)};
  }
  context_->threads().parallel_for(tokens.size(), [&](std::size_t i, int thread) {
    const ThreadMemory& own = memory[static_cast<std::size_t>(thread)];
    const std::vector<std::int64_t>& history = fed.histories[rows[i]].cells;
    const std::size_t visible = size(tokens[i].position) + 1;
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

// x: [rows, H], counts: how many of them each image has → logits: [rows, V]
std::span<const float> TextDecoder::compute_logits(const float* x,
                                                   std::span<const std::int64_t> counts) {
  const Scratch::Frame frame(context_->scratch());
  const std::int64_t hidden = model_.config.hidden_size;
  const std::int64_t vocabulary = model_.config.vocab_size;
  const std::int64_t rows = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  auto* transformed = context_->scratch().allocate<float>(size(rows * hidden));
  const std::size_t count = size(rows * vocabulary);
  if (logits_.size() < count) logits_.resize(count);
  for (const Section& section : sections_of(counts)) {
    const std::int64_t first = section.first * hidden;
    linear(x + first, section.count, head_.transform, transformed + first, *context_,
           Epilogue::bias_gelu, nullptr, section.kernel);
    layer_norm(transformed + first, head_.layer_norm, section.count, hidden, transformed + first);
    linear(transformed + first, section.count, head_.decoder,
           logits_.data() + section.first * vocabulary, *context_, Epilogue::bias, nullptr,
           section.kernel);
  }
  return {logits_.data(), count};
}

}  // namespace blip
