// blip verify: checks that a published model answers what it is known to answer.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/verify/golden_check.hpp"
#include "app/verify/golden_images.hpp"
#include "app/verify/goldens.hpp"
#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kVerifyFooter =
    "Examples:\n"
    "  blip verify Salesforce/blip-vqa-base --download\n"
    "  blip verify ./my-copy --as Salesforce/blip-itm-base-coco --images ~/golden\n"
    "\n"
    "Exit code: 0 nothing differs; 1 something differs; 2 nothing could be checked.\n";

struct VerifyOptions {
  std::string model;
  std::string published;  // which model it is
  std::string images;
  bool download = false;
  int threads = 0;
  OutputOptions output;
};

// The model's id without its revision.
std::string id_of(const std::string& model) {
  std::error_code ignored;
  if (std::filesystem::exists(model, ignored)) {
    throw UsageError(model + " is a copy of which model? Say so with --as ID");
  }
  return model.substr(0, model.find('@'));
}

std::optional<VerifyOptions> parse_verify_options(Arguments arguments) {
  VerifyOptions options;
  OptionParser app;
  // Declared before MODEL, which thereby wins over what the environment says.
  app.add_option("-m,--model", options.model, "The same as MODEL")
      ->type_name("MODEL")
      ->group("Model");
  app.add_option("MODEL", options.model,
                 fmt::format("A hub id or the name of a bundled model, or a copy of one of these, "
                             "as a directory or checkpoint file. Results are known of {}",
                             fmt::join(app::golden_models(), ", ")))
      ->group("Model");
  app.add_option("--as", options.published, "Of a copy: which model it is")
      ->type_name("ID")
      ->group("Model");
  app.add_option("--threads", options.threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, 1024))
      ->group("Model");
  app.add_option("--images", options.images,
                 "Look for the pictures in DIR, by their names, before the cache")
      ->type_name("DIR")
      ->group("Input");
  app.add_flag("--download", options.download,
               "Fetch the model and the pictures that are not here; otherwise what needs them is "
               "skipped")
      ->group("Input");
  options.output.declare(app, record_formats());
  const CommandHelp help = {
      .name = "verify",
      .synopsis = "[options] MODEL",
      .summary =
          "Checks that a published model gives the captions, answers and scores that it is "
          "known to give: from transformers' tests and documentation, and from the models' "
          "cards.",
      .footer = kVerifyFooter};
  if (!parse_arguments(app, help, arguments)) return std::nullopt;
  if (options.model.empty()) throw UsageError("no model given; see: blip verify --help");
  if (options.published.empty()) options.published = id_of(options.model);
  options.output.resolve();
  return options;
}

// Where the model is, or why it cannot be used.
struct FoundModel {
  std::filesystem::path path = {};
  std::string problem = {};
};

FoundModel find(const VerifyOptions& options) {
  std::error_code ignored;
  const auto bundled = bundled_models();
  const bool is_here = std::filesystem::exists(options.model, ignored) ||
                       std::find(bundled.begin(), bundled.end(), options.model) != bundled.end();
  try {
    if (is_here || options.download) {
      return {.path = find_model(options.model, options.output.quiet)};
    }
    return {.path = download_model(options.model, {.offline = true})};
  } catch (const Error& error) {
    if (is_here) throw;
    if (error.code() != ErrorCode::not_found || options.download) return {.problem = error.what()};
    return {.problem = options.model + " is not in the hub's cache; --download fetches it"};
  }
}

std::string_view name_of(app::GoldenTask task) {
  if (task == app::GoldenTask::caption) return "caption";
  return task == app::GoldenTask::answer ? "answer" : "match";
}

// "caption of demo.jpg with "a picture of", 500 x 500 pixels"
std::string title_of(const app::Golden& golden) {
  std::string title = fmt::format("{} of {}", name_of(golden.task), golden.image.name);
  if (!golden.text.empty()) title += fmt::format(" with \"{}\"", golden.text);
  if (golden.beams > 1) title += fmt::format(", {} beams", golden.beams);
  if (golden.image_size > 0) title += fmt::format(", {0} x {0} pixels", golden.image_size);
  return title;
}

app::RecordSchema schema_of_checks() {
  app::RecordSchema schema;
  schema.subject = "check";
  schema.subject_is_path = false;
  schema.text_with_path = false;
  schema.results = {"outcome", "expected", "got", "reason", "source"};
  return schema;
}

app::Record record_of(const app::Golden& golden, const std::optional<app::GoldenOutcome>& outcome,
                      const std::string& problem) {
  const std::string title = title_of(golden);
  const std::string source(golden.source);
  app::Result result;
  if (!outcome) {
    result.values = {"skipped", expectation_of(golden), "", problem, source};
    result.line = fmt::format("skipped  {}: {}", title, printable(problem));
  } else {
    const std::string verdict = outcome->holds ? "holds" : "differs";
    result.values = {verdict, expectation_of(golden), outcome->got, "", source};
    result.line = fmt::format("{:7}  {}: {}", verdict, title, printable(outcome->got));
    if (!outcome->holds) {
      result.line += fmt::format(" (expected {}, says {})", expectation_of(golden), source);
    }
  }
  return {.path = title, .findings = {{.about = {}, .results = {std::move(result)}}}, .error = {}};
}

}  // namespace

ExitCode run_verify(Arguments arguments) {
  const auto options = parse_verify_options(arguments);
  if (!options) return ExitCode::ok;
  const std::vector<app::Golden> goldens = app::goldens_of(options->published);
  if (goldens.empty()) {
    throw UsageError(fmt::format("no results are known of {}; they are of {}", options->published,
                                 fmt::join(app::golden_models(), ", ")));
  }

  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.end_interrupted(); });
  const FoundModel model = find(*options);
  std::optional<app::GoldenCheck> check;
  if (model.problem.empty()) check.emplace(model.path, options->threads);
  std::size_t holding = 0;
  std::size_t differing = 0;
  reporter.open(options->output, schema_of_checks());
  reporter.start_progress(goldens.size(), "checks");
  for (const app::Golden& golden : goldens) {
    std::string problem = model.problem;
    std::optional<app::GoldenOutcome> outcome;
    if (check) {
      const app::GoldenImage image =
          app::find_golden_image(golden.image, options->images, options->download);
      problem = image.problem;
      if (problem.empty()) outcome = check->run(golden, image.path, problem);
    }
    if (outcome) ++(outcome->holds ? holding : differing);
    const app::Record record = record_of(golden, outcome, problem);
    reporter.report(std::span(&record, 1));
  }
  reporter.finish();
  if (differing > 0) return ExitCode::some_failed;
  return holding > 0 ? ExitCode::ok : ExitCode::cannot_run;
}

}  // namespace blip::cli
