// Indexing a catalogue: the texts of its items go through a dual encoder.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "app/catalogue/catalogue_plan.hpp"
#include "app/embedder.hpp"
#include "dataset/catalogue.hpp"
#include "search/catalogue_index.hpp"

namespace blip::app {

/// The tokens of as many words of a text, from its beginning, as the model has room for.
Tokens fitting_tokens(const Embedder& embedder, const std::string& text);

/// Which items of the catalogue, which plan_catalogue has put into the index, have no vector by
/// `model`, as the index calls it. Throws Error.
std::vector<const dataset::CatalogueItem*> items_to_embed(
    search::LibraryIndex& index, search::CatalogueIndex& catalogue, const std::string& model,
    std::span<const dataset::CatalogueItem> items);

/// Embeds embedded_text of the items, as much of it as the model has room for. Some hundred are one
/// transaction: when a process is killed, the next run does the others. `on_done` hears how many
/// are done. Throws Error.
void embed_items(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                 const std::string& model, std::span<const dataset::CatalogueItem* const> items,
                 EmbeddedText parts, const Embedder& embedder, Context& context,
                 const std::function<void(std::size_t done)>& on_done);

}  // namespace blip::app
