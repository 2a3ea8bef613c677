// blip reason: says whether statements about two images are true.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "app/reasoner.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

struct ReasonOptions {
  InputOptions inputs;  // the left and the right image
  std::vector<std::string> statements;
  ModelOptions model{""};  // no model of this kind has a name of its own on the hub
  OutputOptions output;
};

constexpr std::string_view kReasonFooter =
    "Example:\n"
    "  blip reason left.jpg right.jpg \"both images show a dog\" --model model_base_nlvr.pth\n";

std::unique_ptr<ReasonOptions> parse_reason_options(Arguments arguments) {
  auto options = std::make_unique<ReasonOptions>();
  std::vector<std::string>& images = options->inputs.selection.names;
  images.resize(2);
  OptionParser app;
  const char* group = "Input";
  app.add_option("LEFT", images[0], "A file or an http(s) URL")->group(group);
  app.add_option("RIGHT", images[1], "Another")->group(group);
  app.add_option("STATEMENT", options->statements, "What may be true of the two")->group(group);
  options->inputs.declare_reading(app);
  options->model.declare(app, /*batched=*/false);
  options->output.declare(app, record_formats());
  const CommandHelp help = {
      .name = "reason",
      .synopsis = "[options] --model MODEL LEFT RIGHT STATEMENT...",
      .summary =
          "Says whether statements about two images are true, and how probable that answer "
          "is. The model has to be one for NLVR2, such as BLIP's model_base_nlvr.pth.",
      .footer = kReasonFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->statements.empty()) {
    throw UsageError("two images and a statement are needed; see: blip reason --help");
  }
  for (const std::string& image : images) {
    std::error_code ignored;
    if (std::filesystem::is_directory(image, ignored)) throw UsageError(image + ": is a folder");
  }
  options->inputs.resolve();
  options->model.resolve();
  options->output.resolve();
  return options;
}

app::RecordSchema schema_of_judgements() {
  app::RecordSchema schema;
  schema.subject = "left";
  schema.about = {"right", "statement"};
  schema.results = {"answer", "probability"};
  schema.failures = false;  // a judgement needs both images
  schema.text_with_path = false;
  return schema;
}

app::Finding finding_of(float probability, const std::string& statement,
                        const ReasonOptions& options) {
  const bool is_true = probability > 0.5F;
  const float of_answer = is_true ? probability : 1.0F - probability;
  app::Result result{.values = {is_true, of_answer}, .line = {}};
  result.line =
      options.statements.size() == 1
          ? fmt::format("{}  {:.4f}", is_true, of_answer)
          : fmt::format("{:5}  {:.4f}  {}", is_true ? "true" : "false", of_answer, statement);
  return {.about = {app::path_text(options.inputs.selection.names[1]), statement},
          .results = {std::move(result)}};
}

}  // namespace

ExitCode run_reason(Arguments arguments) {
  const auto options = parse_reason_options(arguments);
  if (!options) return ExitCode::ok;

  const bool quiet = options->output.quiet;
  options->output.quiet = true;  // two images are no list whose progress is worth a line
  ImageRun run(options->inputs, options->output, /*batch=*/2, schema_of_judgements());
  const app::Reasoner reasoner(find_model(options->model, options->inputs.pictures, quiet));
  Context context({.num_threads = options->model.threads});
  run.start(reasoner.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    run.report_failures(*batch);
    if (batch->images().size() != 2) continue;
    const auto probabilities =
        reasoner.judge(*batch->images()[0], *batch->images()[1], options->statements, context);
    app::Record record{.path = batch->images()[0]->name, .findings = {}, .error = {}};
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      record.findings.push_back(finding_of(probabilities[i], options->statements[i], *options));
    }
    run.reporter().add(std::span(&record, 1));
  }
  return run.finish();
}

}  // namespace blip::cli
