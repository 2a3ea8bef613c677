// What models find out about the items of a catalogue, kept as attributes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "app/answerer.hpp"
#include "app/catalogue/attribute_file.hpp"
#include "app/embedder.hpp"
#include "search/catalogue_index.hpp"

namespace blip::app {

/// Gives each item whose picture has a vector of `model` the value that fits best, unless this list
/// has been compared with it before. No picture is read. `label_embeddings`: [values, D]. `on_done`
/// hears how many items were looked at. Throws Error.
void index_listed_attribute(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                            const search::IndexedModel& model, const ListedAttribute& attribute,
                            const LabelSimilarity& similarity, const Tensor& label_embeddings,
                            const std::function<void(std::size_t done)>& on_done);

/// Asks the questions of each item whose picture the index has, unless all of them were asked
/// before by this model, which the index calls `model`. `on_failed` hears of pictures that cannot
/// be read. Throws Error.
void index_asked_attributes(
    search::LibraryIndex& index, search::CatalogueIndex& catalogue, const std::string& model,
    std::span<const AskedAttribute> attributes, const Answerer& answerer, std::size_t batch,
    Context& context, const std::function<void(std::size_t done)>& on_done,
    const std::function<void(const std::string& path, const std::string& error)>& on_failed);

}  // namespace blip::app
