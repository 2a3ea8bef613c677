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

// Of "like this, but red", the words say half.
double share_of_texts(const CatalogueQuery& query) {
  const auto texts = static_cast<double>(query.texts.size());
  const std::size_t others = query.photos.size() + (query.like ? 1 : 0) + (query.goes_with ? 1 : 0);
  return texts / (texts + query.photo_weight * static_cast<double>(others));
}

}  // namespace

CatalogueSearch::CatalogueSearch(search::LibraryIndex& index, const search::IndexedModel& model,
                                 const Embedder* embedder)
    : model_(model),
      embedder_(embedder),
      snapshot_(index.snapshot()),
      catalogue_(index, search::Access::read),
      items_(catalogue_.items()),
      vectors_(embedder == nullptr ? ItemVectors(model)
                                   : ItemVectors(index, catalogue_, model, items_)) {
  for (std::size_t i = 0; i < items_.size(); ++i) at_[items_[i].id] = i;
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

QueryPart CatalogueSearch::text_part(const std::string& text, float weight,
                                     Context& context) const {
  const auto vector =
      vector_of(embedder_->embed(embedder_->tokens(std::span(&text, 1)), context), model_.dims);
  return {.pictures = {vector, weight * kOtherKind}, .titles = {vector, weight * kOwnKind}};
}

QueryPart CatalogueSearch::photo_part(const std::string& photo, float weight,
                                      Context& context) const {
  const PreparedImage prepared{
      .name = photo, .pixel_values = embedder_->pictures()(photo), .error = {}};
  const PreparedImage* const image = &prepared;
  const auto vector = vector_of(
      embedder_->embed(embedder_->encode(Images(&image, 1), context), context), model_.dims);
  return {.pictures = {vector, weight * kOwnKind}, .titles = {vector, weight * kOtherKind}};
}

std::vector<QueryPart> CatalogueSearch::parts_of(const CatalogueQuery& query,
                                                 Context& context) const {
  std::vector<QueryPart> parts;
  for (const std::string& text : query.texts) parts.push_back(text_part(text, 1.0F, context));
  for (const std::string& photo : query.photos) {
    parts.push_back(photo_part(photo, query.photo_weight, context));
  }
  for (const auto& key : {query.like, query.goes_with}) {
    if (key) parts.push_back(vectors_.part_of(index_of(*key), query.photo_weight * kOwnKind));
  }
  for (const std::string& text : query.unwanted) {
    parts.push_back(text_part(text, -query.unwanted_weight, context));
  }
  return parts;
}

std::vector<double> CatalogueSearch::vector_scores(const CatalogueQuery& query,
                                                   Context& context) const {
  if (embedder_ == nullptr) {
    throw Error(ErrorCode::invalid_argument, "without a model, items are found by words alone");
  }
  std::vector<double> scores(items_.size());
  for (const QueryPart& part : parts_of(query, context)) {
    vectors_.add_scores(part, context, scores);
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
  turns.reserve(ranked.size());
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
                    .attributes = catalogue_.attributes_of(item.id),
                    .picture = vectors_.picture_of(each.item)});
  }
  return hits;
}

}  // namespace blip::app
