// ItemFilter: which items of a catalogue a search is about, by price and attributes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "search/catalogue_index.hpp"

namespace blip::app {

/// "colour=red", "price<50".
struct ItemCondition {
  enum class Relation { equal, unequal, less, at_most, more, at_least };
  std::string name;
  Relation relation = Relation::equal;
  std::string value;
  double number = 0.0;  ///< the value, of a relation of numbers
};

/// NAME=VALUE, NAME!=VALUE, or NAME<, <=, > or >= a number. Throws invalid_argument for anything
/// else.
ItemCondition item_condition(const std::string& text);

/// Ids of the items that meet all conditions. "price" is the item's price; every other name that of
/// an attribute, of which one value has to fit, in capitals or not. "!=" fits items that have no
/// such attribute, too; the others do not. Numbers are read as price_of reads them. Throws Error.
std::unordered_set<std::int64_t> fitting_items(search::CatalogueIndex& catalogue,
                                               std::span<const search::KnownItem> items,
                                               std::span<const ItemCondition> conditions);

}  // namespace blip::app
