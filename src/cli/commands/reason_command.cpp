// blip reason: says whether statements about two images are true.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"
#include "cli/reasoner.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kFooter =
    "Example:\n"
    "  blip reason left.jpg right.jpg \"both images show a dog\" --model model_base_nlvr.pth\n";

std::unique_ptr<ReasonOptions> parse_options(Arguments arguments) {
  auto options = std::make_unique<ReasonOptions>();
  std::vector<std::string>& images = options->inputs.selection.names;
  images.resize(2);
  bool no_exif_rotation = false;
  OptionParser app;
  const char* group = "Input";
  app.add_option("LEFT", images[0], "A file or an http(s) URL")->group(group);
  app.add_option("RIGHT", images[1], "Another")->group(group);
  app.add_option("STATEMENT", options->statements, "What may be true of the two")->group(group);
  app.add_flag("--no-exif-rotation", no_exif_rotation,
               "Take photos as stored, not as the camera was held")
      ->group(group);
  options->model.declare(app, /*batched=*/false);
  options->output.declare(app, record_formats());
  const CommandHelp help = {
      .name = "reason",
      .synopsis = "[options] --model MODEL LEFT RIGHT STATEMENT...",
      .summary =
          "Says whether statements about two images are true, and how probable that answer "
          "is. The model has to be one for NLVR2, such as BLIP's model_base_nlvr.pth.",
      .footer = kFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->statements.empty()) {
    throw UsageError("two images and a statement are needed; see: blip reason --help");
  }
  for (const std::string& image : images) {
    std::error_code ignored;
    if (std::filesystem::is_directory(image, ignored)) throw UsageError(image + ": is a folder");
  }
  options->inputs.pictures.exif_rotation = !no_exif_rotation;
  options->model.settle();
  options->output.settle();
  return options;
}

RecordShape shape_of_judgements() {
  RecordShape shape;
  shape.subject = "left";
  shape.about = {"right", "statement"};
  shape.results = {"answer", "probability"};
  shape.failures = false;  // a judgement needs both images
  return shape;
}

Finding finding_of(float probability, const std::string& statement, const ReasonOptions& options) {
  const bool is_true = probability > 0.5F;
  const float of_answer = is_true ? probability : 1.0F - probability;
  Result result{.values = {is_true, of_answer}, .line = {}};
  result.line = options.statements.size() == 1
                    ? fmt::format("{}  {:.4f}", is_true, of_answer)
                    : fmt::format("{:5}  {:.4f}  {}", is_true ? "true" : "false", of_answer,
                                  printable(statement));
  return {.about = {options.inputs.selection.names[1], statement}, .results = {std::move(result)}};
}

}  // namespace

ExitCode run_reason(Arguments arguments) {
  const auto options = parse_options(arguments);
  if (!options) return ExitCode::ok;

  const ImageRun run = {.inputs = options->inputs,
                        .output = options->output,
                        .batch = 2,
                        .shape = shape_of_judgements(),
                        .text_with_path = false,
                        .worth_progress = false};
  std::unique_ptr<Reasoner> reasoner;
  const auto examine = [&](Images images) {
    reasoner->see(images);
    return std::vector<std::vector<Finding>>(images.size());
  };
  const auto conclude = [&] {
    const std::vector<float> probabilities = reasoner->judge(options->statements);
    if (probabilities.empty()) return std::vector<Record>{};
    Record record{.path = options->inputs.selection.names[0], .findings = {}, .error = {}};
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      record.findings.push_back(finding_of(probabilities[i], options->statements[i], *options));
    }
    return std::vector<Record>{std::move(record)};
  };
  return run_images(run, [&] {
    reasoner = std::make_unique<Reasoner>(*options);
    return task_of(*reasoner, examine, conclude);
  });
}

}  // namespace blip::cli
