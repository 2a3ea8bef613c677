// CatalogueSearch: finds items of a catalogue by words, by photos, by both, and by other items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "app/catalogue/item_filter.hpp"
#include "app/catalogue/item_vectors.hpp"
#include "app/embedder.hpp"
#include "search/catalogue_index.hpp"

namespace blip::app {

struct CatalogueQuery {
  std::vector<std::string> texts{};
  std::vector<std::string> photos{};       ///< names of pictures, as open_image takes them
  std::vector<std::string> unwanted{};     ///< texts that are not to fit
  std::optional<std::string> like{};       ///< the id of an item: others that are like it
  std::optional<std::string> goes_with{};  ///< the id of an item: those that go with it
  std::string category = "category";       ///< the attribute in which what goes together differs
  float photo_weight = 1.0F;               ///< of a photo or an item beside a text, which has 1
  float unwanted_weight = 0.5F;
  std::vector<ItemCondition> where{};
};

/// What decides about the order.
enum class ItemRanking {
  fused,    ///< vectors and words
  vectors,  ///< of pictures and texts alone
  words,    ///< BM25 over titles, descriptions and reviews alone
  titles,   ///< BM25 over titles alone
};

struct CatalogueSearchOptions {
  std::size_t top = 10;
  ItemRanking ranking = ItemRanking::fused;
  /// Of the ranking by words beside the one by vectors, which has 1; less where a query has photos
  /// or items besides texts.
  double word_weight = 2.0;
};

struct ItemHit {
  std::string key;
  std::string title;
  std::optional<double> price{};
  std::string path{};  ///< of the picture; empty: none
  float score = 0.0F;
  std::vector<search::ItemAttribute> attributes{};
  std::optional<std::int64_t> picture{};  ///< in the index
};

/// A query goes through these steps:
/// 1. Each part of it (a text, a photo, an item) is compared with the vector of each item's picture
///    and with that of its text. These cosines are made to have mean 0 and deviation 1 over the
///    catalogue, weighted and added: a text is always nearer to texts than to pictures.
/// 2. If there is a text, the ranking by these sums and the one by words (BM25) are fused by
///    weighted reciprocal ranks. Of a query that has photos or items, too, the words count only as
///    much as texts do among its parts.
/// What goes with an item is of another category; the best of each category come first.
class CatalogueSearch {
 public:
  /// All must outlive it. It sees the index as it is now. Without `embedder`, only rankings by
  /// words can be asked for. Throws Error.
  CatalogueSearch(search::LibraryIndex& index, const search::IndexedModel& model,
                  const Embedder* embedder);

  /// The best first. Items that have no word of the query are not found by words alone. Throws
  /// invalid_argument for an item that is not there, or Error.
  [[nodiscard]] std::vector<ItemHit> find(const CatalogueQuery& query,
                                          const CatalogueSearchOptions& options, Context& context);

 private:
  struct Ranked {
    std::size_t item = 0;  // in items_
    double score = 0.0;
  };

  [[nodiscard]] std::size_t index_of(const std::string& key) const;
  [[nodiscard]] QueryPart text_part(const std::string& text, float weight, Context& context) const;
  [[nodiscard]] QueryPart photo_part(const std::string& photo, float weight,
                                     Context& context) const;
  [[nodiscard]] std::vector<QueryPart> parts_of(const CatalogueQuery& query,
                                                Context& context) const;
  [[nodiscard]] std::vector<double> vector_scores(const CatalogueQuery& query,
                                                  Context& context) const;
  [[nodiscard]] std::vector<Ranked> by_vectors(const CatalogueQuery& query,
                                               const std::vector<bool>& admitted,
                                               Context& context) const;
  [[nodiscard]] std::vector<Ranked> by_words(const CatalogueQuery& query, search::ItemWords words,
                                             const std::vector<bool>& admitted);
  static void fuse(const std::vector<Ranked>& worded, double weight, std::vector<Ranked>& ranked);
  void take_turns(const CatalogueQuery& query, std::vector<Ranked>& ranked);
  [[nodiscard]] std::vector<bool> admitted_by(const CatalogueQuery& query);
  [[nodiscard]] std::unordered_map<std::int64_t, std::string> categories(const std::string& name);

  const search::IndexedModel& model_;
  const Embedder* embedder_;
  search::Snapshot snapshot_;  // before what is read in it
  search::CatalogueIndex catalogue_;
  std::vector<search::KnownItem> items_;
  std::unordered_map<std::int64_t, std::size_t> at_;  // in items_, by id
  ItemVectors vectors_;
};

}  // namespace blip::app
