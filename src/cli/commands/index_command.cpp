// blip index: makes folders of photos searchable.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/library/index_plan.hpp"
#include "app/library/library_indexer.hpp"
#include "app/library/picture_tags.hpp"
#include "app/library/thumbnails.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/commands/index_catalogue.hpp"
#include "cli/input/folder_watch.hpp"
#include "cli/input/input_list.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/label_options.hpp"
#include "cli/options/library_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"
#include "search/postgresql_address.hpp"
#include "search/vector_file_writer.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kIndexFooter =
    "Examples:\n"
    "  blip index ~/Pictures --recursive\n"
    "  blip index ~/Pictures --recursive --caption-model nano-captioning\n"
    "  blip index ~/Pictures --recursive --tags --thumbnails --watch\n"
    "  blip index --catalogue products.csv --attributes attributes.json --index products.db\n"
    "  blip index /srv/photos --recursive --index postgresql://photos@db/photos\n"
    "  blip search \"two dogs on a beach\"\n"
    "\n"
    "Run it again whenever pictures have changed: only new and changed ones are read. It may be "
    "stopped\n"
    "at any moment; the next run goes on.\n";

struct IndexOptions {
  InputOptions inputs;
  ModelOptions model{kRetrievalModel};
  std::string caption_model;
  bool tags = false;
  LabelOptions labels;
  bool thumbnails = false;
  bool watch = false;
  CatalogueOptions catalogue;
  std::string index;
  OutputOptions output;  // nothing but failures and progress is reported
};

std::vector<app::IndexedFolder> folders_of(const InputSelection& selection) {
  std::vector<app::IndexedFolder> folders;
  for (const std::string& name : selection.names) {
    std::error_code ignored;
    if (std::filesystem::is_directory(name, ignored)) {
      folders.push_back({.path = app::indexed_path(name), .deep = selection.recursive});
    }
  }
  return folders;
}

// A catalogue's file says which pictures there are, and all that is said of them.
void require_no_photos(const IndexOptions& options) {
  if (!options.inputs.selection.names.empty() || options.inputs.has_list()) {
    throw UsageError("--catalogue and folders exclude each other");
  }
  if (search::is_server_address(options.index)) {
    throw UsageError("a --catalogue is kept in a file, not on a server; name one with --index");
  }
  if (!options.caption_model.empty() || options.tags || options.watch) {
    throw UsageError("--caption-model, --tags and --watch are for folders, not for a --catalogue");
  }
}

std::unique_ptr<IndexOptions> parse_index_options(Arguments arguments) {
  auto options = std::make_unique<IndexOptions>();
  OptionParser app;
  options->inputs.declare(app, "DIR", "Folders and files", /*sharded=*/false);
  options->model.declare(app, /*batched=*/true);
  app.add_option("--caption-model", options->caption_model,
                 "Caption the pictures by MODEL, too, so that they are found by these words")
      ->type_name("MODEL")
      ->group("Model");
  app.add_flag("--tags", options->tags, "Keep the tags that fit each photo, for blip search --tag")
      ->group("Labels");
  options->labels.declare(app, "The tags, instead of the everyday ones that come with blip");
  app.add_flag("--thumbnails", options->thumbnails,
               "Keep a small picture of each photo, for pages of many")
      ->group("Index");
  app.add_flag("--watch", options->watch,
               "Go on: whenever files in the folders change, bring the index up to date")
      ->group("Index");
  options->catalogue.declare(app);
  declare_index(app, options->index);
  app.add_flag("-q,--quiet", options->output.quiet, "No progress line on the terminal")
      ->group("Output");
  const CommandHelp help = {
      .name = "index",
      .synopsis = "[options] DIR... | --catalogue FILE",
      .summary =
          "Keeps an index of the photos in folders, for blip search: the vectors of a model, "
          "captions if asked, dates and places of the cameras. Moved photos keep what is known of "
          "them; those that are gone leave the index.",
      .footer = kIndexFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->inputs.resolve();
  options->model.resolve();
  options->catalogue.check();
  if (options->catalogue.given()) {
    require_no_photos(*options);
  } else {
    options->inputs.require_images(help.name);
  }
  options->labels.resolve();
  options->catalogue.thumbnails = options->thumbnails;
  if (options->watch && folders_of(options->inputs.selection).empty()) {
    throw UsageError("--watch needs a folder to watch");
  }
  options->output.records = false;
  return options;
}

std::vector<Input> inputs_of(const InputOptions& options) {
  InputList list(options.selection);
  std::vector<Input> inputs;
  while (auto input = list.next({})) inputs.push_back(std::move(*input));
  if (list.named_nothing()) throw UsageError("the list of images is empty");
  return inputs;
}

// The model that captions, loaded as the one that embeds.
ModelOptions caption_model_of(const IndexOptions& options) {
  ModelOptions model = options.model;
  model.name = options.caption_model;
  model.adapter.clear();
  model.processor.clear();
  model.image_size.reset();
  return model;
}

app::IndexPlan plan_of(const IndexOptions& options, search::LibraryIndex& index,
                       Reporter& reporter) {
  const std::vector<Input> inputs = inputs_of(options.inputs);
  app::PlanOptions plan{.model = indexed_name(options.model),
                        .captions = {},
                        .folders = folders_of(options.inputs.selection)};
  if (!options.caption_model.empty()) plan.captions = indexed_name(caption_model_of(options));
  reporter.start_progress(inputs.size(), "files");
  return app::plan_index(index, inputs, plan,
                         [&](std::size_t done) { reporter.show_progress(done); });
}

void report_failed(const app::IndexPlan& plan, Reporter& reporter) {
  std::vector<app::Record> records;
  for (const Input& input : plan.failed) {
    records.push_back({.path = input.path.string(), .findings = {}, .error = input.error});
  }
  reporter.report(records);
}

std::string summary_of(const app::IndexPlan& plan, std::size_t failed) {
  const std::size_t unchanged =
      plan.pictures - plan.added - plan.changed - plan.moved - plan.copied;
  return fmt::format(
      "{} pictures: {} new, {} changed, {} moved, {} copied, {} unchanged; {} gone, {} failed\n",
      plan.pictures, plan.added, plan.changed, plan.moved, plan.copied, unchanged, plan.gone,
      failed);
}

// One pass, and with --watch more of them: the models stay.
class IndexRun {
 public:
  explicit IndexRun(const IndexOptions& options)
      : options_(options),
        index_(open_index(index_file(options.index))),
        context_({.num_threads = options.model.threads}) {}

  ExitCode run(Reporter& reporter) {
    const app::IndexPlan plan = plan_of(options_, index_, reporter);
    report_failed(plan, reporter);
    failed_ = plan.failed.size();
    embed(plan, reporter);
    caption(plan, reporter);
    if (options_.tags) tag(reporter);
    if (options_.thumbnails) make_thumbnails(reporter);
    for (const std::string& error : search::refresh_vector_files(index_, context_.threads())) {
      print_message(printable(error + "; searches are slower without this file"));
    }
    const ExitCode code = reporter.finish();
    const bool is_news = plan.added + plan.changed + plan.moved + plan.copied + plan.gone +
                             plan.embed.size() + plan.caption.size() >
                         0;
    if (!has_run_ || is_news) print(summary_of(plan, failed_));
    has_run_ = true;
    return code;
  }

 private:
  app::OnIndexed on_indexed(Reporter& reporter) {
    return [this, &reporter](std::span<const app::Record> records) {
      for (const app::Record& record : records) failed_ += record.error.empty() ? 0 : 1;
      reporter.report(records);
    };
  }
  [[nodiscard]] std::size_t batch() const { return static_cast<std::size_t>(options_.model.batch); }
  [[nodiscard]] app::ModelOptions found(const ModelOptions& model) const {
    return find_model(model, options_.inputs.pictures, options_.output.quiet);
  }

  void embed(const app::IndexPlan& plan, Reporter& reporter) {
    if (plan.embed.empty()) return;
    if (!embedder_) embedder_.emplace(found(options_.model), TextStyle::hf);
    reporter.start_progress(plan.embed.size());
    app::embed_pictures(index_, indexed_name(options_.model), plan.embed, *embedder_, batch(),
                        context_, on_indexed(reporter));
  }

  void caption(const app::IndexPlan& plan, Reporter& reporter) {
    if (plan.caption.empty()) return;
    const ModelOptions model = caption_model_of(options_);
    if (!captioner_)
      captioner_.emplace(found(model), app::CaptionOptions{.prompt = "", .generation = {}});
    reporter.start_progress(plan.caption.size(), "captions");
    app::caption_pictures(index_, indexed_name(model), plan.caption, *captioner_, batch(), context_,
                          on_indexed(reporter));
  }

  void tag(Reporter& reporter) {
    const std::string name = indexed_name(options_.model);
    const auto model = index_.find_model(search::Finding::vectors, name);
    if (!model) return;
    app::TaggerOptions tags{.tags = options_.labels.set,
                            .kept_labels = options_.labels.kept_labels()};
    if (!options_.labels.given()) tags.tags.labels = app::everyday_tags();
    const std::string tagger = app::indexed_tagger(name, tags.tags.labels);
    const auto load = [&]() -> const app::Tagger& {
      if (!tagger_) tagger_.emplace(found(options_.model), tags, context_);
      reporter.start_progress(std::nullopt, "tagged");
      return *tagger_;
    };
    app::index_tags(index_, *model, tagger, load,
                    [&](std::size_t done) { reporter.show_progress(done); });
  }

  void make_thumbnails(Reporter& reporter) {
    reporter.start_progress(std::nullopt, "thumbnails");
    app::index_thumbnails(
        index_, context_, [&](std::size_t done, std::size_t) { reporter.show_progress(done); },
        [&](const std::string& path, const std::string& error) {
          ++failed_;
          reporter.report(std::vector<app::Record>{{.path = path, .findings = {}, .error = error}});
        });
  }

  const IndexOptions& options_;
  search::LibraryIndex index_;
  Context context_;
  std::optional<app::Embedder> embedder_;
  std::optional<app::Captioner> captioner_;
  std::optional<app::Tagger> tagger_;
  std::size_t failed_ = 0;
  bool has_run_ = false;
};

// Until a signal ends the process.
[[noreturn]] void watch_folders(const IndexOptions& options, IndexRun& index) {
  // A camera's card is copied file by file: one pass for some of them, not for each.
  constexpr std::chrono::milliseconds kQuiet{500};
  constexpr std::chrono::milliseconds kMost{5000};
  std::vector<std::filesystem::path> folders;
  for (const app::IndexedFolder& folder : folders_of(options.inputs.selection)) {
    folders.emplace_back(folder.path);
  }
  FolderWatch watch(std::move(folders), options.inputs.selection.recursive);
  while (true) {
    watch.refresh();
    Reporter reporter;
    reporter.open(options.output, {});
    index.run(reporter);
    watch.wait(kQuiet, kMost);
  }
}

}  // namespace

ExitCode run_index(Arguments arguments) {
  const auto options = parse_index_options(arguments);
  if (!options) return ExitCode::ok;

  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.end_interrupted(); });
  if (options->catalogue.given()) {
    reporter.open(options->output, {});
    return index_catalogue(options->catalogue, options->model, options->inputs.pictures,
                           options->index, options->output.quiet, reporter);
  }
  IndexRun index(*options);
  if (options->watch) watch_folders(*options, index);
  reporter.open(options->output, {});
  return index.run(reporter);
}

}  // namespace blip::cli
