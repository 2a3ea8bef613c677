// blip classify: names what is in images.
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "app/classifier.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kClassifyFooter =
    "Examples:\n"
    "  blip classify photo.jpg\n"
    "  blip classify ~/Pictures --recursive --top 1 --format csv --output labels.csv --resume\n";

struct ClassifyOptions {
  InputOptions inputs;
  ModelOptions model{kClassificationModel};
  int top = 5;
  OutputOptions output;
};

std::unique_ptr<ClassifyOptions> parse_classify_options(Arguments arguments) {
  auto options = std::make_unique<ClassifyOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  app.add_option("--top", options->top, "Print the N likeliest labels [5]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group("Labels");
  options->output.declare(
      app, record_formats(),
      "Keep the labels that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "classify",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Names what is in images, out of the classes that the model was trained on: a line for "
          "each label with its probability, the likeliest first.",
      .footer = kClassifyFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->model.resolve();
  options->output.resolve();
  return options;
}

app::RecordSchema schema_of(const ClassifyOptions& options) {
  app::RecordSchema schema;
  schema.results = {"label", "score"};
  schema.list = "labels";
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  schema.results_per_finding = static_cast<std::size_t>(options.top);
  return schema;
}

std::vector<std::vector<app::Finding>> findings_of(
    const std::vector<std::vector<app::ScoredLabel>>& images) {
  std::vector<std::vector<app::Finding>> findings;
  for (const auto& labels : images) {
    app::Finding finding;
    for (const app::ScoredLabel& scored : labels) {
      finding.results.push_back({.values = {scored.label, scored.score},
                                 .line = fmt::format("{:.4f}  {}", scored.score, scored.label)});
    }
    findings.push_back({std::move(finding)});
  }
  return findings;
}

}  // namespace

ExitCode run_classify(Arguments arguments) {
  const auto options = parse_classify_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  const app::Classifier classifier(
      find_model(options->model, options->inputs.pictures, options->output.quiet));
  Context context({.num_threads = options->model.threads});
  run.start(classifier.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    run.report(*batch, findings_of(classifier.classify(
                           batch->images(), static_cast<std::size_t>(options->top), context)));
  }
  return run.finish();
}

}  // namespace blip::cli
