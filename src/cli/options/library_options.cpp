#include "cli/options/library_options.hpp"

#include <fmt/format.h>

#include <system_error>
#include <vector>

#include "app/catalogue/catalogue_search.hpp"
#include "app/library/index_plan.hpp"
#include "app/library/picture_ranking.hpp"
#include "blip/error.hpp"
#include "core/user_cache.hpp"
#include "search/postgresql_address.hpp"

namespace blip::cli {

void declare_index(OptionParser& app, std::string& file) {
  app.add_option(
         "--index", file,
         "The index: a file, or postgresql://USER@HOST/DATABASE [~/.local/share/blip/library.db]")
      ->type_name("INDEX")
      ->group("Index");
}

std::filesystem::path index_file(const std::string& file) {
  if (!file.empty()) return file;
  const std::filesystem::path directory = user_data_directory();
  if (directory.empty()) throw UsageError("there is no home directory; name a file with --index");
  return directory / "library.db";
}

void declare_word_weight(OptionParser& app, std::optional<float>& weight) {
  constexpr double kMostWeight = 100;
  app.add_option(
         "--word-weight", weight,
         fmt::format("What the order by words (BM25), of models' captions or of items, counts "
                     "beside the one by vectors, which counts 1 [captions {}, items {}]",
                     app::kCaptionWordWeight, app::CatalogueSearchOptions().word_weight))
      ->type_name("W")
      ->check(number(0, kMostWeight))
      ->group("Ranking");
}

void check_typed_for_photos(const std::string& typed, search::LibraryIndex& index) {
  if (typed.empty()) return;
  throw UsageError(typed + " is for photos, and " + index.file() + " is an index of a catalogue");
}

void check_typed_for_items(const std::string& typed, search::LibraryIndex& index) {
  if (typed.empty()) return;
  throw UsageError(index.file() + ": is no index of a catalogue, which " + typed + " needs");
}

std::string indexed_name(const std::string& model) {
  std::error_code ignored;
  return std::filesystem::exists(model, ignored) ? app::indexed_path(model) : model;
}

std::string indexed_name(const ModelOptions& model) {
  std::string name = indexed_name(model.name);
  if (!model.adapter.empty()) name += " --adapter " + indexed_name(model.adapter);
  if (!model.processor.empty()) name += " --processor " + indexed_name(model.processor);
  if (model.image_size) name += " --image-size " + std::to_string(*model.image_size);
  return name;
}

search::IndexedModel choose_model(ModelOptions& model, search::LibraryIndex& index) {
  const std::string& file = index.file();
  const std::vector<search::IndexedModel> models = index.models(search::Finding::vectors);
  if (models.empty()) throw UsageError(file + ": this index is empty; see: blip index --help");
  if (!model.name.empty()) {
    model.resolve();
    const auto known = index.find_model(search::Finding::vectors, indexed_name(model));
    if (known) return *known;
    throw UsageError(fmt::format("{}: the index has no vectors of {}; it has those of {}", file,
                                 indexed_name(model), models.front().name));
  }
  if (models.size() > 1) {
    throw UsageError(
        fmt::format("{}: the index has vectors of several models; choose with "
                    "--model: {} or {}",
                    file, models[0].name, models[1].name));
  }
  if (models.front().name.find(" --") != std::string::npos) {
    throw UsageError(
        fmt::format("{}: repeat how it was indexed: --model {}", file, models.front().name));
  }
  model.name = models.front().name;
  model.resolve();
  return models.front();
}

std::string shown_index(const std::string& index) {
  return search::is_server_address(index) ? search::shown_address(index) : index;
}

search::LibraryIndex open_index(const std::filesystem::path& file) {
  std::error_code error;
  const bool is_file = !search::is_server_address(file.string());
  if (is_file && file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    throw Error(ErrorCode::unreadable,
                file.parent_path().string() + ": cannot make this folder: " + error.message());
  }
  return search::LibraryIndex(file, search::Access::write);
}

}  // namespace blip::cli
