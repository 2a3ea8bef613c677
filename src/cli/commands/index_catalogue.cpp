#include "cli/commands/index_catalogue.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "app/catalogue/attribute_file.hpp"
#include "app/catalogue/catalogue_indexer.hpp"
#include "app/catalogue/catalogue_plan.hpp"
#include "app/catalogue/item_attributes.hpp"
#include "app/library/index_plan.hpp"
#include "app/library/library_indexer.hpp"
#include "app/library/thumbnails.hpp"
#include "blip/error.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/output/console.hpp"
#include "dataset/catalogue.hpp"
#include "search/vector_file_writer.hpp"

namespace blip::cli {
namespace {

// Before anything is written. Throws UsageError for questions that nobody answers.
app::AttributeFile attributes_of(const CatalogueOptions& options) {
  if (options.attributes.empty()) return {};
  app::AttributeFile attributes = app::read_attributes(options.attributes);
  if (!attributes.asked.empty() && options.question_model.empty()) {
    throw UsageError(options.attributes + ": has questions; who answers? See --question-model");
  }
  return attributes;
}

// From the file to the index, step by step. Each step does what the index lacks.
class CatalogueRun {
 public:
  CatalogueRun(const CatalogueOptions& options, const ModelOptions& model,
               const app::PictureOptions& pictures, const std::string& index, bool quiet,
               Reporter& reporter)
      : options_(options),
        model_(model),
        pictures_(pictures),
        quiet_(quiet),
        reporter_(reporter),
        attributes_(attributes_of(options)),
        items_(dataset::read_catalogue(options.file)),
        index_(open_index(index_file(index))),
        catalogue_(index_, search::Access::write),
        name_(indexed_name(model)),
        embedded_(options.descriptions ? app::EmbeddedText::title_and_description
                                       : app::EmbeddedText::title),
        context_({.num_threads = model.threads}) {}

  ExitCode run() {
    const app::CataloguePlan plan = app::plan_catalogue(index_, catalogue_, items_, embedded_,
                                                        std::filesystem::path(options_.file));
    embed_pictures(plan);
    app::note_pictures(index_, catalogue_);
    embed_texts();
    for (const app::ListedAttribute& attribute : attributes_.listed) compare(attribute);
    if (!attributes_.asked.empty()) ask();
    if (options_.thumbnails) make_thumbnails();
    for (const std::string& error : search::refresh_vector_files(index_, context_.threads())) {
      print_message(printable(error + "; searches are slower without this file"));
    }
    const ExitCode code = reporter_.finish();
    print(
        fmt::format("{} items: {} new, {} changed, {} unchanged; {} gone; {} pictures, {} failed\n",
                    plan.items, plan.added, plan.changed, plan.items - plan.added - plan.changed,
                    plan.gone, plan.pictures.size(), failed_));
    return code;
  }

 private:
  [[nodiscard]] std::size_t batch() const { return static_cast<std::size_t>(model_.batch); }
  const app::Embedder& embedder() {
    if (!embedder_) embedder_.emplace(find_model(model_, pictures_, quiet_), TextStyle::hf);
    return *embedder_;
  }

  void report(std::span<const app::Record> records) {
    for (const app::Record& record : records) failed_ += record.error.empty() ? 0 : 1;
    reporter_.report(records);
  }
  void report_failed(const std::string& path, const std::string& error) {
    report(std::vector<app::Record>{{.path = path, .findings = {}, .error = error}});
  }

  void embed_pictures(const app::CataloguePlan& plan) {
    reporter_.start_progress(plan.pictures.size(), "files");
    const app::IndexPlan pictures =
        app::plan_index(index_, plan.pictures, {.model = name_, .captions = {}, .folders = {}},
                        [&](std::size_t done) { reporter_.show_progress(done); });
    for (const app::ImageInput& input : pictures.failed) {
      report_failed(input.path.string(), input.error);
    }
    // Here, as a picture that has moved is another one's by now, and the rest may be interrupted.
    app::remove_left_pictures(index_, plan);
    if (pictures.embed.empty()) return;
    const app::Embedder& model = embedder();
    reporter_.start_progress(pictures.embed.size());
    app::embed_pictures(index_, name_, pictures.embed, model, batch(), context_,
                        [&](std::span<const app::Record> records) { report(records); });
  }

  void embed_texts() {
    const auto lacking = app::items_to_embed(index_, catalogue_, name_, items_);
    if (lacking.empty()) return;
    const app::Embedder& model = embedder();
    reporter_.start_progress(lacking.size(), "texts");
    app::embed_items(index_, catalogue_, name_, lacking, embedded_, model, context_,
                     [&](std::size_t done) { reporter_.show_progress(done); });
  }

  void compare(const app::ListedAttribute& attribute) {
    const auto model = index_.find_model(search::Finding::vectors, name_);
    if (!model) return;
    reporter_.start_progress(std::nullopt, attribute.name);
    const Tensor labels = app::embed_labels(embedder(), attribute.values, context_);
    app::index_listed_attribute(index_, catalogue_, *model, attribute,
                                embedder().model().label_similarity(), labels,
                                [&](std::size_t done) { reporter_.show_progress(done); });
  }

  void ask() {
    ModelOptions model = model_;
    model.name = options_.question_model;
    model.adapter.clear();
    model.processor.clear();
    model.image_size.reset();
    const app::Answerer answerer(find_model(model, pictures_, quiet_), {});
    reporter_.start_progress(std::nullopt, "asked");
    app::index_asked_attributes(
        index_, catalogue_, indexed_name(model), attributes_.asked, answerer, batch(), context_,
        [&](std::size_t done) { reporter_.show_progress(done); },
        [&](const std::string& path, const std::string& error) { report_failed(path, error); });
  }

  void make_thumbnails() {
    reporter_.start_progress(std::nullopt, "thumbnails");
    app::index_thumbnails(
        index_, context_, [&](std::size_t done, std::size_t) { reporter_.show_progress(done); },
        [&](const std::string& path, const std::string& error) { report_failed(path, error); });
  }

  const CatalogueOptions& options_;
  const ModelOptions& model_;
  const app::PictureOptions& pictures_;
  bool quiet_;
  Reporter& reporter_;
  app::AttributeFile attributes_;  // read before the index is touched, as the items are
  std::vector<dataset::CatalogueItem> items_;
  search::LibraryIndex index_;
  search::CatalogueIndex catalogue_;
  std::string name_;
  app::EmbeddedText embedded_;
  Context context_;
  std::optional<app::Embedder> embedder_;
  std::size_t failed_ = 0;
};

}  // namespace

void CatalogueOptions::declare(OptionParser& app) {
  const char* group = "Catalogue";
  app.add_option(
         "--catalogue", file,
         "Instead of folders, the items of a .csv, .tsv or .jsonl file: id, title, picture, "
         "description, reviews, price, and whatever else it says of them")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--embed-descriptions", descriptions,
               "Vectors of titles and descriptions, instead of titles alone")
      ->group(group);
  app.add_option("--attributes", attributes,
                 "Keep what the model finds out about each item: {\"colour\": [\"red\", \"blue\"], "
                 "\"pattern\": \"What pattern does it have?\"}")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--question-model", question_model,
                 "The model that answers the questions of "
                 "--attributes")
      ->type_name("MODEL")
      ->group(group);
}

void CatalogueOptions::check() const {
  if (!given() && !attributes.empty()) throw UsageError("--attributes needs a --catalogue");
  if (!given() && descriptions) throw UsageError("--embed-descriptions needs a --catalogue");
  if (attributes.empty() && !question_model.empty()) {
    throw UsageError("--question-model needs --attributes with questions");
  }
}

ExitCode index_catalogue(const CatalogueOptions& options, const ModelOptions& model,
                         const app::PictureOptions& pictures, const std::string& index, bool quiet,
                         Reporter& reporter) {
  return CatalogueRun(options, model, pictures, index, quiet, reporter).run();
}

}  // namespace blip::cli
