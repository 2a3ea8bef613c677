#include "app/catalogue/item_vectors.hpp"

#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>

namespace blip::app {

ItemVectors::ItemVectors(const search::IndexedModel& model)
    : pictures_(model.dims), titles_(model.dims) {}

ItemVectors::ItemVectors(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                         const search::IndexedModel& model,
                         std::span<const search::KnownItem> items)
    : ItemVectors(model) {
  pictures_.row_of.resize(items.size());
  titles_.row_of.resize(items.size());
  std::unordered_map<std::string, std::vector<std::size_t>> items_of_path;
  std::unordered_map<std::int64_t, std::size_t> at;
  for (std::size_t i = 0; i < items.size(); ++i) {
    at[items[i].id] = i;
    if (!items[i].picture.empty()) items_of_path[items[i].picture].push_back(i);
  }
  // Photos of other things may be in the index, too.
  std::unordered_map<std::int64_t, std::vector<std::size_t>> items_of_picture;
  index.for_pictures([&](search::KnownPicture&& picture) {
    const auto found = items_of_path.find(picture.path);
    if (found != items_of_path.end()) items_of_picture[picture.id] = found->second;
  });
  index.for_vectors(model, search::kAllGenerations,
                    [&](std::int64_t picture, std::span<const float> vector) {
                      const auto found = items_of_picture.find(picture);
                      if (found == items_of_picture.end()) return;
                      pictures_.rows.add(picture, vector);
                      pictures_.add_row(found->second);
                    });
  titles_.rows = catalogue.vectors(model);
  for (const std::int64_t id : titles_.rows.pictures()) {
    const auto item = at.find(id);
    titles_.add_row(item == at.end() ? std::vector<std::size_t>{} : std::vector{item->second});
  }
}

QueryPart ItemVectors::part_of(std::size_t item, double weight) const {
  return {.pictures = {pictures_.vector_of(item), weight},
          .titles = {titles_.vector_of(item), weight}};
}

void ItemVectors::add_scores(const QueryPart& part, Context& context,
                             std::span<double> scores) const {
  pictures_.add_scores(part.pictures, context, scores);
  titles_.add_scores(part.titles, context, scores);
}

std::optional<std::int64_t> ItemVectors::picture_of(std::size_t item) const {
  if (item >= pictures_.row_of.size() || !pictures_.row_of[item]) return std::nullopt;
  return pictures_.rows.pictures()[*pictures_.row_of[item]];
}

void ItemVectors::Kind::add_row(std::vector<std::size_t> those) {
  for (const std::size_t item : those) row_of[item] = items.size();
  items.push_back(std::move(those));
}

std::vector<float> ItemVectors::Kind::vector_of(std::size_t item) const {
  if (!row_of[item]) return {};
  const auto row = rows.row(*row_of[item]);
  return {row.begin(), row.end()};
}

void ItemVectors::Kind::add_scores(const WeightedVector& query, Context& context,
                                   std::span<double> scores) const {
  if (query.vector.empty() || rows.size() == 0) return;
  const std::vector<float> cosines = rows.products(query.vector, context.threads());
  const auto count = static_cast<double>(cosines.size());
  double sum = 0;
  for (const float cosine : cosines) sum += cosine;
  const double mean = sum / count;
  double squares = 0;
  for (const float cosine : cosines) squares += (cosine - mean) * (cosine - mean);
  const double deviation = std::sqrt(squares / count);
  if (!(deviation > 0)) return;
  for (std::size_t row = 0; row < cosines.size(); ++row) {
    const double score = query.weight * (cosines[row] - mean) / deviation;
    for (const std::size_t item : items[row]) scores[item] += score;
  }
}

}  // namespace blip::app
