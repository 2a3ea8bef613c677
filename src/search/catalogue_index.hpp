// CatalogueIndex: the items of a product catalogue, in the file of a LibraryIndex that has their
// pictures.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "search/library_index.hpp"
#include "search/vector_rows.hpp"

namespace blip::search {

/// Bytes of an item's key, title, attribute names and values, at most.
inline constexpr std::size_t kMaxItemTextBytes = 65'536;

struct ItemTexts {
  std::string title;
  std::string description{};
  std::string reviews{};
};

struct KnownItem {
  std::int64_t id = 0;
  std::string key;      ///< what the catalogue calls it
  std::string picture;  ///< path, any bytes; empty: none
  std::string title;
  std::optional<double> price{};
  std::string row_hash;        ///< of all that the catalogue says of it
  std::string text_hash;       ///< of what its vector is made of
  std::string picture_hash{};  ///< of the picture that its attributes were found on; may be empty
};

/// A name and a value, as "colour" and "red".
using ItemAttribute = std::pair<std::string, std::string>;

/// What is compared with a query's words.
enum class ItemWords { all, titles };

/// The model of attributes that the catalogue's file has.
inline constexpr std::int64_t kFromFile = 0;

/// Not synchronised, and the index must outlive it. Every function may throw Error: the file is
/// hostile.
class CatalogueIndex {
 public:
  /// Whether the index is of a catalogue.
  [[nodiscard]] static bool is_in(LibraryIndex& index);

  /// With Access::write, makes the tables if the index has none and no photos either; outside of a
  /// transaction. Throws invalid_argument if there are none then.
  CatalogueIndex(LibraryIndex& index, Access access);

  /// By id.
  [[nodiscard]] std::vector<KnownItem> items();
  [[nodiscard]] std::optional<KnownItem> find(std::string_view key);

  // Of writing, in a transaction.

  /// Adds an item, or brings up to date the one with this key, but for its picture_hash. If its
  /// text_hash is another one, its vectors go. → its id
  std::int64_t put_item(const KnownItem& item, const ItemTexts& texts);
  void remove_item(std::int64_t item);
  /// What the item had by this model goes. Does nothing if the item is gone.
  void put_attributes(std::int64_t item, std::int64_t model,
                      std::span<const ItemAttribute> attributes);
  /// What other models than this one found out about an attribute of all items.
  void remove_other_findings(std::string_view name, const IndexedModel& model);
  /// The item has another picture: what models found out about the last one goes.
  void put_picture_hash(std::int64_t item, std::string_view hash);
  /// vector: [model.dims], of the text whose hash is `text_hash`. Does nothing if the item is gone,
  /// or another process has given it another text meanwhile.
  void put_vector(std::int64_t item, std::string_view text_hash, const IndexedModel& model,
                  std::span<const float> vector);

  // Of searching.

  /// VectorRows::pictures() are ids of items.
  [[nodiscard]] VectorRows vectors(const IndexedModel& model);
  [[nodiscard]] std::unordered_set<std::int64_t> items_with_vector(const IndexedModel& model);
  [[nodiscard]] std::unordered_set<std::int64_t> items_with_attributes(const IndexedModel& model);
  /// All of an item, each once, by name.
  [[nodiscard]] std::vector<ItemAttribute> attributes_of(std::int64_t item);
  /// Every item that has an attribute of this name, in capitals or not, with its value.
  void for_attribute(std::string_view name,
                     const std::function<void(std::int64_t item, const std::string& value)>& visit);
  /// Items with any of the words of `text`, the best first by BM25, in which a word of the title
  /// counts more than one of the description, and that more than one of a review. With
  /// ItemWords::titles, as if titles were all there is.
  [[nodiscard]] std::vector<std::int64_t> find_words(std::string_view text, ItemWords words);

  /// Throws malformed unless the tables fit together.
  void check_integrity();

 private:
  void remove_vectors(std::int64_t item);
  std::unordered_set<std::int64_t> items_in(std::string_view table, const IndexedModel& model);
  std::vector<std::int64_t> find_in_titles(const std::string& query);

  Database& database_;
};

}  // namespace blip::search
