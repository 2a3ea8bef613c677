// blip classify: names what is in images.
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "app/classifier.hpp"
#include "app/zero_shot_classifier.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/label_options.hpp"
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
  ModelOptions model{kClassificationModel};
  LabelOptions labels;
  int top = 5;
  OutputOptions output;
};

std::unique_ptr<ClassifyOptions> parse_classify_options(Arguments arguments) {
  auto options = std::make_unique<ClassifyOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  options->labels.declare(app,
                          "Choose between these with a model that embeds images and texts, "
                          "nano-retrieval if none is named");
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
  options->labels.resolve();
  if (options->labels.given() && options->model.name.empty()) {
    options->model.name = kRetrievalModel;
  }
  options->model.resolve();
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

// What classifies, and the pictures that it reads.
struct OpenClassifier {
  std::function<std::vector<std::vector<app::ScoredLabel>>(app::Images)> classify;
  const app::PictureReader& pictures;
};

template <typename Classifier>
OpenClassifier opened(std::shared_ptr<const Classifier> classifier, std::size_t top,
                      Context& context) {
  const app::PictureReader& pictures = classifier->pictures();
  return {[=, &context](app::Images images) { return classifier->classify(images, top, context); },
          pictures};
}

OpenClassifier open_classifier(const ClassifyOptions& options, Context& context) {
  const app::ModelOptions model =
      find_model(options.model, options.inputs.pictures, options.output.quiet);
  const auto top = static_cast<std::size_t>(options.top);
  if (!options.labels.given()) {
    return opened(std::make_shared<const app::Classifier>(model), top, context);
  }
  const app::ZeroShotOptions zero_shot = {.labels = options.labels.set,
                                          .kept_labels = options.labels.kept_labels()};
  return opened(std::make_shared<const app::ZeroShotClassifier>(model, zero_shot, context), top,
                context);
}

}  // namespace

ExitCode run_classify(Arguments arguments) {
  const auto options = parse_classify_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  Context context({.num_threads = options->model.threads});
  const OpenClassifier classifier = open_classifier(*options, context);
  run.start(classifier.pictures, context.num_threads());
  while (const auto batch = run.next_batch()) {
    run.report(*batch, findings_of(classifier.classify(batch->images())));
  }
  return run.finish();
}

}  // namespace blip::cli
