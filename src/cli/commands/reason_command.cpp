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
  InputOptions inputs;  // left and right images in turn
  std::vector<std::string> statements;
  ModelOptions model{""};  // no model of this kind has a name of its own on the hub
  OutputOptions output;
};

constexpr std::string_view kReasonFooter =
    "Example:\n"
    "  blip reason left.jpg right.jpg \"both images show a dog\" --model model_base_nlvr.pth\n"
    "  blip reason --from-file pairs.jsonl --format jsonl --model model_base_nlvr.pth\n"
    "with lines {\"left\": \"a.jpg\", \"right\": \"b.jpg\", \"statement\": \"both show a dog\"}\n";

// The words of the command line: two images and statements, or statements alone for a list.
void take_words(std::vector<std::string> words, ReasonOptions& options) {
  InputSelection& selection = options.inputs.selection;
  if (selection.list.empty()) {
    if (words.size() < 3) {
      throw UsageError("two images and a statement are needed; see: blip reason --help");
    }
    selection.names.assign(words.begin(), words.begin() + 2);
    words.erase(words.begin(), words.begin() + 2);
    for (const std::string& image : selection.names) {
      std::error_code ignored;
      if (std::filesystem::is_directory(image, ignored)) throw UsageError(image + ": is a folder");
    }
  } else if (selection.list_format == ListFormat::names) {
    throw UsageError("--from-file: pairs of images are in a .jsonl or .tsv");
  } else if (words.size() > 1) {
    throw UsageError(
        "a list with a statement for each pair takes one statement at most, for lines "
        "without one");
  } else if (!words.empty()) {
    selection.columns.otherwise = words.front();
  }
  options.statements = std::move(words);
}

std::unique_ptr<ReasonOptions> parse_reason_options(Arguments arguments) {
  auto options = std::make_unique<ReasonOptions>();
  options->inputs.selection.columns = {.paths = {"left", "right"}, .text = "statement"};
  std::vector<std::string> words;
  OptionParser app;
  app.add_option("WORDS", words,
                 "LEFT RIGHT STATEMENT...: two files or http(s) URLs, and what may be true of the "
                 "two; with --from-file no images")
      ->group("Input");
  options->inputs.declare_list(app);
  options->inputs.declare_reading(app);
  options->model.declare(app, /*batched=*/false);
  options->output.declare(app, record_formats());
  const CommandHelp help = {
      .name = "reason",
      .synopsis =
          "[options] --model MODEL LEFT RIGHT STATEMENT...\n"
          "       blip reason [options] --model MODEL --from-file LIST [STATEMENT]",
      .summary =
          "Says whether statements about two images are true, and how probable that answer "
          "is. The model has to be one for NLVR2, such as BLIP's model_base_nlvr.pth.",
      .footer = kReasonFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->inputs.resolve();
  take_words(std::move(words), *options);
  options->model.resolve();
  options->output.resolve();
  return options;
}

app::RecordSchema schema_of_judgements(const ReasonOptions& options) {
  app::RecordSchema schema;
  schema.subject = "left";
  schema.about = {"right", "statement"};
  schema.results = {"answer", "probability"};
  schema.failures = false;  // a judgement needs both images
  schema.text_with_path = options.inputs.has_list();
  return schema;
}

app::Finding finding_of(float probability, const std::string& right, const std::string& statement,
                        const ReasonOptions& options) {
  const bool is_true = probability > 0.5F;
  const float of_answer = is_true ? probability : 1.0F - probability;
  app::Result result{.values = {is_true, of_answer}, .line = {}};
  result.line =
      options.statements.size() == 1 && !options.inputs.has_list()
          ? fmt::format("{}  {:.4f}", is_true, of_answer)
          : fmt::format("{:5}  {:.4f}  {}", is_true ? "true" : "false", of_answer, statement);
  if (options.inputs.has_list()) result.line = right + ": " + result.line;
  return {.about = {app::path_text(right), statement}, .results = {std::move(result)}};
}

}  // namespace

ExitCode run_reason(Arguments arguments) {
  const auto options = parse_reason_options(arguments);
  if (!options) return ExitCode::ok;

  const bool quiet = options->output.quiet;
  // Two images are no list whose progress is worth a line.
  options->output.quiet = quiet || !options->inputs.has_list();
  ImageRun run(options->inputs, options->output, /*batch=*/2, schema_of_judgements(*options));
  const app::Reasoner reasoner(find_model(options->model, options->inputs.pictures, quiet));
  Context context({.num_threads = options->model.threads});
  run.start(reasoner.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    run.report_failures(*batch);
    if (batch->images().size() != 2) continue;
    const app::PreparedImage& left = *batch->images()[0];
    const app::PreparedImage& right = *batch->images()[1];
    const auto statements = left.text ? std::vector<std::string>{*left.text} : options->statements;
    const auto probabilities = reasoner.judge(left, right, statements, context);
    app::Record record{.path = left.name, .findings = {}, .error = {}};
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      record.findings.push_back(finding_of(probabilities[i], right.name, statements[i], *options));
    }
    run.reporter().add(std::span(&record, 1));
  }
  return run.finish();
}

}  // namespace blip::cli
