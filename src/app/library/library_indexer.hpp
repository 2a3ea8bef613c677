// Indexing: the pictures of a plan go through a model, and what it finds goes into the index.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/captioner.hpp"
#include "app/embedder.hpp"
#include "app/library/index_plan.hpp"
#include "app/records/record.hpp"
#include "search/library_index.hpp"

namespace blip::app {

/// Hears of every batch what is in the index now, and what failed.
using OnIndexed = std::function<void(std::span<const Record> records)>;

/// `model` is what the index calls the model. A batch is one transaction: when a process is killed,
/// the index has the batches that are done, and the next plan the others. A picture that cannot be
/// read fails alone. All throw Error.
void embed_pictures(search::LibraryIndex& index, const std::string& model,
                    const std::vector<PlannedPicture>& pictures, const Embedder& embedder,
                    std::size_t batch, Context& context, const OnIndexed& on_indexed);

/// Of pictures that the index has; the others are left out, they have failed before.
void caption_pictures(search::LibraryIndex& index, const std::string& model,
                      const std::vector<PlannedPicture>& pictures, const Captioner& captioner,
                      std::size_t batch, Context& context, const OnIndexed& on_indexed);

}  // namespace blip::app
