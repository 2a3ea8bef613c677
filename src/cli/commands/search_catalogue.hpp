// blip search in an index of a product catalogue: items by words, photos and other items.
#pragma once

#include <string>
#include <vector>

#include "app/catalogue/catalogue_search.hpp"
#include "app/library/contact_sheet.hpp"
#include "app/records/record.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

struct ItemOptions {
  std::string like;
  std::string goes_with;
  std::string category = "category";
  std::vector<std::string> conditions;

  void declare(OptionParser& app);
  /// Whether an item is searched for others.
  [[nodiscard]] bool names_item() const noexcept { return !like.empty() || !goes_with.empty(); }
  [[nodiscard]] bool given() const noexcept { return names_item() || !conditions.empty(); }
  /// Throws Error for a condition that is none.
  void add_to(app::CatalogueQuery& query) const;
};

/// What records of items are called.
app::RecordSchema schema_of_items();
std::vector<app::Record> records_of_items(const std::vector<app::ItemHit>& hits);
/// A page of items, with pictures that the index has or that are read.
std::vector<app::SheetGroup> sheet_of_items(search::LibraryIndex& index,
                                            const std::vector<app::ItemHit>& hits);

}  // namespace blip::cli
