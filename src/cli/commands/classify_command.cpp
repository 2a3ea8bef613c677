// blip classify: names what is in images.
#include <cstddef>
#include <memory>
#include <variant>

#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/options/classifier_options.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/label_findings.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kClassifyFooter =
    "Examples:\n"
    "  blip classify photo.jpg\n"
    "  blip classify photo.jpg --labels \"a cat, a dog, a bird\" -m openai/clip-vit-base-patch32\n"
    "  blip classify ~/Pictures --recursive --top 1 --format csv --output labels.csv --resume\n";

struct ClassifyOptions {
  InputOptions inputs;
  ClassifierOptions classifier;
  int top = 5;
  OutputOptions output;
};

std::unique_ptr<ClassifyOptions> parse_classify_options(Arguments arguments) {
  auto options = std::make_unique<ClassifyOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->classifier.declare(app);
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
          "Names what is in images, out of the classes that the model was trained on or out of the "
          "labels that are given: a line for each label with its probability, the likeliest first.",
      .footer = kClassifyFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->classifier.resolve(app);
  options->output.resolve();
  return options;
}

app::RecordSchema schema_of(const ClassifyOptions& options) {
  app::RecordSchema schema = label_schema();
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  schema.results_per_finding = static_cast<std::size_t>(options.top);
  return schema;
}

}  // namespace

ExitCode run_classify(Arguments arguments) {
  const auto options = parse_classify_options(arguments);
  if (!options) return ExitCode::ok;

  const ModelOptions& model = options->classifier.model;
  ImageRun run(options->inputs, options->output, model.batch, schema_of(*options));
  Context context({.num_threads = model.threads});
  const app::AnyClassifier classifier =
      options->classifier.open(options->inputs.pictures, options->output.quiet, context);
  run.start(app::pictures_of(classifier), context.num_threads());
  while (const auto batch = run.next_batch()) {
    const auto top = static_cast<std::size_t>(options->top);
    run.report(*batch,
               findings_of(std::visit(
                   [&](const auto& each) { return each.classify(batch->images(), top, context); },
                   classifier)));
  }
  return run.finish();
}

}  // namespace blip::cli
