// CataloguePlan: brings the items of an index in line with a catalogue's file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/images/image_stream.hpp"
#include "dataset/catalogue.hpp"
#include "search/catalogue_index.hpp"

namespace blip::app {

/// What the vector of an item's text is made of. A dual encoder has learnt short captions: most do
/// better with titles.
enum class EmbeddedText { title, title_and_description };

std::string embedded_text(const dataset::CatalogueItem& item, EmbeddedText parts);

struct CataloguePlan {
  std::vector<ImageInput> pictures;  ///< of the items, each once, by absolute paths
  std::size_t items = 0;
  std::size_t added = 0;                          ///< new to the index
  std::size_t changed = 0;                        ///< something else is said of them
  std::size_t gone = 0;                           ///< taken out of the index
  std::unordered_set<std::string> left_pictures;  ///< of no item any more, by absolute paths
};

/// Writes the items of a catalogue into the index, those that the index has with the same words
/// left as they are, and takes out those that the catalogue no longer has. Paths of pictures begin
/// at the folder of `file`. Throws invalid_argument for a catalogue without items, which is a
/// mistake rather than a shop that has closed; malformed for a picture that is no path; or Error.
CataloguePlan plan_catalogue(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                             std::span<const dataset::CatalogueItem> items, EmbeddedText embedded,
                             const std::filesystem::path& file);

/// After the pictures were planned, which finds those that have moved: takes out those that are of
/// no item any more. Throws Error.
void remove_left_pictures(search::LibraryIndex& index, const CataloguePlan& plan);

/// After the pictures were indexed: items whose picture is another one than before lose what models
/// found out about it. Throws Error.
void note_pictures(search::LibraryIndex& index, search::CatalogueIndex& catalogue);

}  // namespace blip::app
