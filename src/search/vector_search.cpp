#include "search/vector_search.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "blip/error.hpp"
#include "search/inner_product.hpp"

namespace blip::search {
namespace {

// Rows whose sums are added up by one thread. Sums of such blocks are added in order, so the
// result does not depend on the number of threads.
constexpr std::size_t kSummedTogether = 8192;

struct Sums {
  double values = 0.0;
  double squares = 0.0;
};

}  // namespace

std::optional<VectorFile> open_vector_file(LibraryIndex& index, const IndexedModel& model) {
  if (index.is_on_server()) return std::nullopt;
  const VectorState state = index.vector_state(model);
  const std::string library = index.library_id();
  try {
    VectorFile file(vector_file_path(index.file(), model.id));
    const VectorFileHeader& header = file.header();
    const bool is_ours = std::memcmp(header.library.data(), library.data(), library.size()) == 0 &&
                         header.model == model.id && header.generation >= state.based &&
                         header.generation <= state.generation &&
                         header.dims == static_cast<std::uint32_t>(model.dims) &&
                         std::string_view(header.stamp.data(), header.stamp.size()) == state.stamp;
    if (is_ours) return file;
  } catch (const Error&) {
    // It is made of what the index has: whatever is wrong with it, the index is searched instead.
  }
  return std::nullopt;
}

VectorSearch::VectorSearch(LibraryIndex& index, const IndexedModel& model)
    : file_(open_vector_file(index, model)), rows_(model.dims) {
  if (index.is_on_server()) {
    server_.emplace(index, model);
    return;
  }
  const std::int64_t after = file_ ? file_->header().generation : kAllGenerations;
  rows_ = index.vectors(model, after);
  for (std::size_t row = 0; row < rows_.size(); ++row) row_of_.emplace(rows_.pictures()[row], row);
  if (file_) {
    for (const std::int64_t picture : index.removed_vectors(model, after)) stale_.insert(picture);
    for (const std::int64_t picture : rows_.pictures()) stale_.insert(picture);
    for (const std::int64_t picture : stale_) stale_rows_ += file_->row_of(picture) ? 1 : 0;
  }
  size_ = rows_.size() + (file_ ? file_->rows() - std::min(file_->rows(), stale_rows_) : 0);
}

std::vector<Near> VectorSearch::nearest(std::span<const float> query, std::size_t count,
                                        std::size_t lists, const Admits& admits,
                                        ThreadPool& threads) const {
  if (server_) return server_->nearest(query, count, lists > 0, admits);
  std::vector<Near> found;
  if (file_) {
    Admits admits_row = admits;
    if (!stale_.empty()) {
      admits_row = [&](std::int64_t picture) {
        return !stale_.contains(picture) && (!admits || admits(picture));
      };
    }
    found = nearest_rows(*file_, query, count, lists, admits_row, threads);
  }
  const std::vector<float> products = rows_.products(query, threads);
  for (std::size_t row = 0; row < products.size(); ++row) {
    const std::int64_t picture = rows_.pictures()[row];
    if (!admits || admits(picture)) found.push_back({.picture = picture, .product = products[row]});
  }
  keep_nearest(found, count);
  return found;
}

std::vector<float> VectorSearch::vector(std::int64_t picture) const {
  if (server_) return server_->vector(picture);
  const std::span<const float> found = find(picture);
  return {found.begin(), found.end()};
}

std::span<const float> VectorSearch::find(std::int64_t picture) const {
  if (const auto found = row_of_.find(picture); found != row_of_.end()) {
    return rows_.row(found->second);
  }
  if (file_ && !stale_.contains(picture)) {
    if (const auto row = file_->row_of(picture)) return file_->vector(*row);
  }
  return {};
}

std::optional<float> VectorSearch::product(std::int64_t picture,
                                           std::span<const float> query) const {
  if (server_) return server_->products(std::span(&picture, 1), query).front();
  const std::span<const float> values = find(picture);
  if (values.empty()) return std::nullopt;
  const float product = inner_product(values.data(), query.data(), query.size());
  return std::isfinite(product) ? std::optional(product) : std::nullopt;
}

std::vector<std::optional<float>> VectorSearch::products(std::span<const std::int64_t> pictures,
                                                         std::span<const float> query) const {
  if (server_) return server_->products(pictures, query);
  std::vector<std::optional<float>> products;
  products.reserve(pictures.size());
  for (const std::int64_t picture : pictures) products.push_back(product(picture, query));
  return products;
}

Moments VectorSearch::moments(std::span<const float> query, ThreadPool& threads) const {
  if (server_) return server_->moments(query);
  const std::size_t in_file = file_ ? file_->rows() : 0;
  const std::size_t all = in_file + rows_.size();
  std::vector<Sums> sums((all + kSummedTogether - 1) / kSummedTogether);
  threads.parallel_for(sums.size(), [&](std::size_t block, int) {
    const std::size_t end = std::min(all, (block + 1) * kSummedTogether);
    for (std::size_t i = block * kSummedTogether; i < end; ++i) {
      if (i < in_file && !stale_.empty() && stale_.contains(file_->pictures()[i])) continue;
      const auto values = i < in_file ? file_->vector(i) : rows_.row(i - in_file);
      const double product = inner_product(values.data(), query.data(), query.size());
      sums[block].values += product;
      sums[block].squares += product * product;
    }
  });
  Sums total;
  for (const Sums& block : sums) {
    total.values += block.values;
    total.squares += block.squares;
  }
  if (size_ == 0) return {};
  const auto count = static_cast<double>(size_);
  const double mean = total.values / count;
  return {.mean = mean, .deviation = std::sqrt(std::max(0.0, total.squares / count - mean * mean))};
}

}  // namespace blip::search
