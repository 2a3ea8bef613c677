// What `blip index` and `blip search` say alike: which index, and what it calls a model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"
#include "search/library_index.hpp"

namespace blip::cli {

/// --index
void declare_index(OptionParser& app, std::string& file);

/// The file that is meant, or the address of a server; empty: library.db where the user's data are.
/// Throws UsageError if there is no such place.
std::filesystem::path index_file(const std::string& file);

/// What an index calls a model: its name, or the absolute path that it is, and the options that
/// change its vectors, if there are any.
std::string indexed_name(const ModelOptions& model);
/// Of a model without such options.
std::string indexed_name(const std::string& model);

/// The model whose vectors are searched, which `model` may leave open; `model` names it then.
/// Throws UsageError if the index has none, or several.
search::IndexedModel choose_model(ModelOptions& model, search::LibraryIndex& index);

/// --word-weight, of captions or of items; nothing: the default of each
void declare_word_weight(OptionParser& app, std::optional<float>& weight);

/// An option that means nothing to the items of a catalogue, or to photos, was typed and would be
/// ignored. `typed` is its name, or empty. Throws UsageError.
void check_typed_for_photos(const std::string& typed, search::LibraryIndex& index);
void check_typed_for_items(const std::string& typed, search::LibraryIndex& index);

/// What --index says, without the password of an address. Throws Error for what is no address.
std::string shown_index(const std::string& index);

/// Opens it for writing, and makes the folder that it is to be in. Throws Error.
search::LibraryIndex open_index(const std::filesystem::path& file);

}  // namespace blip::cli
