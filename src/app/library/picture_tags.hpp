// Tags of the photos of an index, by the vectors that it has of them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "app/tagger.hpp"
#include "search/library_index.hpp"

namespace blip::app {

/// What an index calls the tags of a list by a model: "MODEL --labels 1a2b…", the first digits of
/// the list's SHA-256.
std::string indexed_tagger(const std::string& model, std::span<const std::string> tags);

/// Tags the pictures that have a vector of `model` and no tags of `tagger`: those that fit, ten at
/// most. No picture is read. `load` gives the tagger, and is called if there are such pictures: a
/// model takes longer to load than an index to find that nothing is new. `on_done` hears how many
/// were looked at. Throws Error.
void index_tags(search::LibraryIndex& index, const search::IndexedModel& model,
                const std::string& tagger, const std::function<const Tagger&()>& load,
                const std::function<void(std::size_t done)>& on_done);

}  // namespace blip::app
