// blip index: makes folders of photos searchable.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/library/index_plan.hpp"
#include "app/library/library_indexer.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/input_list.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"
#include "search/vector_file_writer.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kIndexFooter =
    "Examples:\n"
    "  blip index ~/Pictures --recursive\n"
    "  blip index ~/Pictures --recursive --caption-model nano-captioning\n"
    "  blip search \"two dogs on a beach\"\n"
    "\n"
    "Run it again whenever pictures have changed: only new and changed ones are read. It may be "
    "stopped\n"
    "at any moment; the next run goes on.\n";

struct IndexOptions {
  InputOptions inputs;
  ModelOptions model{kRetrievalModel};
  std::string caption_model;
  std::string index;
  OutputOptions output;  // nothing but failures and progress is reported
};

std::unique_ptr<IndexOptions> parse_index_options(Arguments arguments) {
  auto options = std::make_unique<IndexOptions>();
  OptionParser app;
  options->inputs.declare(app, "DIR", "Folders and files", /*sharded=*/false);
  options->model.declare(app, /*batched=*/true);
  app.add_option("--caption-model", options->caption_model,
                 "Caption the pictures by MODEL, too, so that they are found by these words")
      ->type_name("MODEL")
      ->group("Model");
  declare_index(app, options->index);
  app.add_flag("-q,--quiet", options->output.quiet, "No progress line on the terminal")
      ->group("Output");
  const CommandHelp help = {
      .name = "index",
      .synopsis = "[options] DIR...",
      .summary =
          "Keeps an index of the photos in folders, for blip search: the vectors of a model, "
          "captions if asked, dates and places of the cameras. Moved photos keep what is known of "
          "them; those that are gone leave the index.",
      .footer = kIndexFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->inputs.resolve();
  options->model.resolve();
  options->inputs.require_images(help.name);
  options->output.records = false;
  return options;
}

search::LibraryIndex open_index(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    throw Error(ErrorCode::unreadable,
                file.parent_path().string() + ": cannot make this folder: " + error.message());
  }
  return search::LibraryIndex(file, search::Access::write);
}

std::vector<Input> inputs_of(const InputOptions& options) {
  InputList list(options.selection);
  std::vector<Input> inputs;
  while (auto input = list.next({})) inputs.push_back(std::move(*input));
  if (list.named_nothing()) throw UsageError("the list of images is empty");
  return inputs;
}

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

}  // namespace

ExitCode run_index(Arguments arguments) {
  const auto options = parse_index_options(arguments);
  if (!options) return ExitCode::ok;

  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.end_interrupted(); });
  search::LibraryIndex index = open_index(index_file(options->index));
  reporter.open(options->output, {});
  const app::IndexPlan plan = plan_of(*options, index, reporter);
  report_failed(plan, reporter);

  std::size_t failed = plan.failed.size();
  const app::OnIndexed on_indexed = [&](std::span<const app::Record> records) {
    for (const app::Record& record : records) failed += record.error.empty() ? 0 : 1;
    reporter.report(records);
  };
  const auto batch = static_cast<std::size_t>(options->model.batch);
  Context context({.num_threads = options->model.threads});
  if (!plan.embed.empty()) {
    const app::Embedder embedder(
        find_model(options->model, options->inputs.pictures, options->output.quiet), TextStyle::hf);
    reporter.start_progress(plan.embed.size());
    app::embed_pictures(index, indexed_name(options->model), plan.embed, embedder, batch, context,
                        on_indexed);
  }
  if (!plan.caption.empty()) {
    const ModelOptions model = caption_model_of(*options);
    const app::Captioner captioner(
        find_model(model, options->inputs.pictures, options->output.quiet),
        {.prompt = "", .generation = {}});
    reporter.start_progress(plan.caption.size(), "captions");
    app::caption_pictures(index, indexed_name(model), plan.caption, captioner, batch, context,
                          on_indexed);
  }
  for (const search::IndexedModel& model : index.models(search::Finding::vectors)) {
    search::refresh_vector_file(index, model, context.threads());
  }
  const ExitCode code = reporter.finish();
  print(summary_of(plan, failed));
  return code;
}

}  // namespace blip::cli
