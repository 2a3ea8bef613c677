#include "app/catalogue/catalogue_search.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "search/rank_fusion.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

using search::ItemWords;
using search::KnownItem;
using search::VectorRows;

// What the comparison of a query's text or photo with vectors of its own kind counts, and with
// those of the other kind, which tells less (docs/catalogues.md has the numbers).
constexpr double kOwnKind = 1.0;
constexpr double kOtherKind = 0.5;
// Of each ranking, what is fused: beyond, a rank says nothing any more.
constexpr std::size_t kFusedItems = 1000;

std::vector<float> vector_of(const Tensor& tensor, int dims) {
  const auto row = row_of(tensor, 0);
  if (row.size() != static_cast<std::size_t>(dims)) {
    throw Error(ErrorCode::invalid_argument,
                "the model's vectors have another length than those of the index");
  }
  return {row.begin(), row.end()};
}

// The vectors of the pictures of these items alone.
VectorRows picture_rows(search::LibraryIndex& index, const search::IndexedModel& model,
                        const std::unordered_set<std::int64_t>& pictures) {
  VectorRows rows(model.dims);
  index.for_vectors(model, search::kAllGenerations,
                    [&](std::int64_t picture, std::span<const float> vector) {
                      if (pictures.contains(picture)) rows.add(picture, vector);
                    });
  return rows;
}

// Of "like this, but red", the words say half.
double share_of_texts(const CatalogueQuery& query) {
  const auto texts = static_cast<double>(query.texts.size());
  const std::size_t others = query.photos.size() + (query.like ? 1 : 0) + (query.goes_with ? 1 : 0);
  return texts / (texts + query.photo_weight * static_cast<double>(others));
}

}  // namespace

CatalogueSearch::CatalogueSearch(search::LibraryIndex& index, const search::IndexedModel& model,
                                 const Embedder* embedder)
    : index_(index),
      model_(model),
      embedder_(embedder),
      snapshot_(index.snapshot()),
      catalogue_(index, search::Access::read),
      items_(catalogue_.items()),
      pictures_(model.dims),
      texts_(model.dims) {
  for (std::size_t i = 0; i < items_.size(); ++i) at_[items_[i].id] = i;
  picture_row_.resize(items_.size());
  text_row_.resize(items_.size());
  if (embedder == nullptr) return;

  std::unordered_map<std::string, std::vector<std::size_t>> items_of_path;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!items_[i].picture.empty()) items_of_path[items_[i].picture].push_back(i);
  }
  std::unordered_map<std::int64_t, std::vector<std::size_t>> items_of_id;
  std::unordered_set<std::int64_t> ids;
  index.for_pictures([&](search::KnownPicture&& picture) {
    const auto found = items_of_path.find(picture.path);
    if (found == items_of_path.end()) return;
    items_of_id[picture.id] = found->second;
    ids.insert(picture.id);
  });
  pictures_ = picture_rows(index, model, ids);
  for (std::size_t row = 0; row < pictures_.size(); ++row) {
    items_of_picture_.push_back(items_of_id[pictures_.pictures()[row]]);
    for (const std::size_t item : items_of_picture_.back()) picture_row_[item] = row;
  }
  texts_ = catalogue_.vectors(model);
  for (std::size_t row = 0; row < texts_.size(); ++row) {
    const auto item = at_.find(texts_.pictures()[row]);
    items_of_text_.emplace_back();
    if (item == at_.end()) continue;
    items_of_text_.back().push_back(item->second);
    text_row_[item->second] = row;
  }
}

std::size_t CatalogueSearch::index_of(const std::string& key) const {
  const auto found =
      std::ranges::find_if(items_, [&](const KnownItem& item) { return item.key == key; });
  if (found == items_.end()) {
    throw Error(ErrorCode::invalid_argument,
                in_quotes(key) + ": the catalogue has no item of this id");
  }
  return static_cast<std::size_t>(found - items_.begin());
}

CatalogueSearch::Part CatalogueSearch::text_part(const std::string& text, float weight,
                                                 Context& context) const {
  const auto vector =
      vector_of(embedder_->embed(embedder_->tokens(std::span(&text, 1)), context), model_.dims);
  return {.pictures = {vector, weight * kOtherKind}, .texts = {vector, weight * kOwnKind}};
}

CatalogueSearch::Part CatalogueSearch::photo_part(const std::string& photo, float weight,
                                                  Context& context) const {
  const PreparedImage prepared{
      .name = photo, .pixel_values = embedder_->pictures()(photo), .error = {}};
  const PreparedImage* const image = &prepared;
  const auto vector = vector_of(
      embedder_->embed(embedder_->encode(Images(&image, 1), context), context), model_.dims);
  return {.pictures = {vector, weight * kOwnKind}, .texts = {vector, weight * kOtherKind}};
}

CatalogueSearch::Part CatalogueSearch::item_part(std::size_t item, float weight) const {
  Part part{.pictures = {{}, weight * kOwnKind}, .texts = {{}, weight * kOwnKind}};
  if (picture_row_[item]) {
    const auto row = pictures_.row(*picture_row_[item]);
    part.pictures.vector.assign(row.begin(), row.end());
  }
  if (text_row_[item]) {
    const auto row = texts_.row(*text_row_[item]);
    part.texts.vector.assign(row.begin(), row.end());
  }
  return part;
}

std::vector<CatalogueSearch::Part> CatalogueSearch::parts_of(const CatalogueQuery& query,
                                                             Context& context) const {
  std::vector<Part> parts;
  for (const std::string& text : query.texts) parts.push_back(text_part(text, 1.0F, context));
  for (const std::string& photo : query.photos) {
    parts.push_back(photo_part(photo, query.photo_weight, context));
  }
  for (const auto& key : {query.like, query.goes_with}) {
    if (key) parts.push_back(item_part(index_of(*key), query.photo_weight));
  }
  for (const std::string& text : query.unwanted) {
    parts.push_back(text_part(text, -query.unwanted_weight, context));
  }
  return parts;
}

void CatalogueSearch::add_standardised(const VectorRows& rows,
                                       const std::vector<std::vector<std::size_t>>& items_of_row,
                                       const Comparison& comparison, Context& context,
                                       std::vector<double>& scores) const {
  if (comparison.vector.empty() || rows.size() == 0) return;
  const std::vector<float> products = rows.products(comparison.vector, context.threads());
  double sum = 0;
  double squares = 0;
  for (const float product : products) sum += product;
  const double mean = sum / static_cast<double>(products.size());
  for (const float product : products) squares += (product - mean) * (product - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(products.size()));
  if (!(deviation > 0)) return;
  // An item without a picture, or without a text, is as the mean.
  for (std::size_t row = 0; row < products.size(); ++row) {
    const double score = comparison.weight * (products[row] - mean) / deviation;
    for (const std::size_t item : items_of_row[row]) scores[item] += score;
  }
}

std::vector<double> CatalogueSearch::vector_scores(const CatalogueQuery& query,
                                                   Context& context) const {
  if (embedder_ == nullptr) {
    throw Error(ErrorCode::invalid_argument, "without a model, items are found by words alone");
  }
  std::vector<double> scores(items_.size());
  for (const Part& part : parts_of(query, context)) {
    add_standardised(pictures_, items_of_picture_, part.pictures, context, scores);
    add_standardised(texts_, items_of_text_, part.texts, context, scores);
  }
  return scores;
}

std::vector<bool> CatalogueSearch::admitted_by(const CatalogueQuery& query) {
  std::vector<bool> admitted(items_.size(), true);
  if (!query.where.empty()) {
    const auto fitting = fitting_items(catalogue_, items_, query.where);
    for (std::size_t i = 0; i < items_.size(); ++i) admitted[i] = fitting.contains(items_[i].id);
  }
  for (const auto& key : {query.like, query.goes_with}) {
    if (key) admitted[index_of(*key)] = false;
  }
  if (!query.goes_with) return admitted;
  const auto names = categories(query.category);
  const auto own = names.find(items_[index_of(*query.goes_with)].id);
  if (own == names.end()) {
    throw Error(ErrorCode::invalid_argument, in_quotes(*query.goes_with) + ": the item has no " +
                                                 query.category + ", so nothing is of another one");
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto name = names.find(items_[i].id);
    if (name == names.end() || name->second == own->second) admitted[i] = false;
  }
  return admitted;
}

std::unordered_map<std::int64_t, std::string> CatalogueSearch::categories(const std::string& name) {
  std::unordered_map<std::int64_t, std::string> names;
  catalogue_.for_attribute(
      name, [&](std::int64_t item, const std::string& value) { names.emplace(item, value); });
  return names;
}

std::vector<CatalogueSearch::Ranked> CatalogueSearch::by_vectors(const CatalogueQuery& query,
                                                                 const std::vector<bool>& admitted,
                                                                 Context& context) const {
  const std::vector<double> scores = vector_scores(query, context);
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (admitted[i]) ranked.push_back({.item = i, .score = scores[i]});
  }
  std::ranges::sort(ranked, [&](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : items_[a.item].key < items_[b.item].key;
  });
  return ranked;
}

std::vector<CatalogueSearch::Ranked> CatalogueSearch::by_words(const CatalogueQuery& query,
                                                               ItemWords words,
                                                               const std::vector<bool>& admitted) {
  std::string text;
  for (const std::string& each : query.texts) text += each + " ";
  std::vector<Ranked> ranked;
  for (const std::int64_t id : catalogue_.find_words(text, words)) {
    const auto at = at_.find(id);
    if (at == at_.end() || !admitted[at->second]) continue;
    ranked.push_back({.item = at->second, .score = 1.0 / static_cast<double>(ranked.size() + 1)});
  }
  return ranked;
}

void CatalogueSearch::fuse(const std::vector<Ranked>& worded, double weight,
                           std::vector<Ranked>& ranked) {
  std::vector<std::vector<std::int64_t>> rankings;
  for (const auto* each : {&std::as_const(ranked), &worded}) {
    std::vector<std::int64_t>& items = rankings.emplace_back();
    for (std::size_t i = 0; i < std::min(each->size(), kFusedItems); ++i) {
      items.push_back(static_cast<std::int64_t>((*each)[i].item));
    }
  }
  const auto fused = search::fused_ranks(rankings, {1.0, weight});
  for (Ranked& each : ranked) {
    const auto score = fused.find(static_cast<std::int64_t>(each.item));
    each.score = score == fused.end() ? 0.0 : score->second;
  }
  std::ranges::stable_sort(ranked, std::ranges::greater(), &Ranked::score);
}

// The best of each category, then the second best of each, and so on.
void CatalogueSearch::take_turns(const CatalogueQuery& query, std::vector<Ranked>& ranked) {
  const auto names = categories(query.category);
  std::map<std::string, std::size_t> seen;
  std::vector<std::pair<std::size_t, Ranked>> turns;
  for (const Ranked& each : ranked) {
    turns.emplace_back(seen[names.at(items_[each.item].id)]++, each);
  }
  std::ranges::stable_sort(turns, {}, [](const auto& turn) { return turn.first; });
  std::ranges::transform(turns, ranked.begin(), [](const auto& turn) { return turn.second; });
}

std::vector<ItemHit> CatalogueSearch::find(const CatalogueQuery& query,
                                           const CatalogueSearchOptions& options,
                                           Context& context) {
  const std::vector<bool> admitted = admitted_by(query);
  std::vector<Ranked> ranked;
  const bool by_words_alone =
      options.ranking == ItemRanking::words || options.ranking == ItemRanking::titles;
  if (by_words_alone) {
    const bool titles = options.ranking == ItemRanking::titles;
    ranked = by_words(query, titles ? ItemWords::titles : ItemWords::all, admitted);
  } else {
    ranked = by_vectors(query, admitted, context);
    if (options.ranking == ItemRanking::fused && !query.texts.empty()) {
      fuse(by_words(query, ItemWords::all, admitted), options.word_weight * share_of_texts(query),
           ranked);
    }
  }
  if (query.goes_with) take_turns(query, ranked);
  if (ranked.size() > options.top) ranked.resize(options.top);

  std::vector<ItemHit> hits;
  for (const Ranked& each : ranked) {
    const KnownItem& item = items_[each.item];
    hits.push_back({.key = item.key,
                    .title = item.title,
                    .price = item.price,
                    .path = item.picture,
                    .score = static_cast<float>(each.score),
                    .attributes = catalogue_.attributes_of(item.id)});
    if (picture_row_[each.item])
      hits.back().picture = pictures_.pictures()[*picture_row_[each.item]];
  }
  return hits;
}

}  // namespace blip::app
