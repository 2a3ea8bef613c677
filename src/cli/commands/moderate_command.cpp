// blip moderate: what a policy says of pictures and the texts that come with them.
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/moderation/decision_json.hpp"
#include "app/moderation/moderator.hpp"
#include "app/moderation/policy_fitting.hpp"
#include "app/records/output_file.hpp"
#include "app/records/partial_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/policy_file.hpp"
#include "cli/output/console.hpp"
#include "core/open_file.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kModerateFooter =
    "Examples:\n"
    "  blip moderate photo.jpg --policy policy.json\n"
    "  blip moderate --from-file posts.jsonl --policy policy.json -o decisions.jsonl\n"
    "  blip moderate calibrate labelled.jsonl --policy policy.json -o calibrated.json\n";

constexpr std::string_view kCalibrateFooter =
    "Examples:\n"
    "  blip moderate calibrate labelled.jsonl --policy policy.json -o calibrated.json\n"
    "  blip moderate calibrate train.jsonl --test test.jsonl --policy policy.json \\\n"
    "      --method isotonic --report report.json -o calibrated.json\n";

constexpr std::size_t kMaxLabelledBytes = std::size_t{1} << 30;

struct ModerateOptions {
  InputOptions inputs;
  ModelOptions model{"policy"};  // its name is the policy's
  std::string policy;
  OutputOptions output;
};

struct CalibrateOptions {
  std::string labelled;
  std::string test;
  std::string policy;
  std::string output;
  std::string report;
  std::string method = "platt";
  app::FittingOptions fitting;
  int threads = 0;
  bool quiet = false;
};

void declare_policy(OptionParser& app, std::string& policy) {
  app.add_option("--policy", policy, "The policy, a JSON file (docs/moderation.md)")
      ->type_name("FILE")
      ->required();
}

// Only the models that the policy needs are looked for.
app::ModeratorModels opened_models(const app::Policy& policy, const app::PictureOptions& pictures,
                                   bool quiet) {
  const auto found = [&](const std::string& name) {
    app::ModelOptions model;
    if (!name.empty()) model.model = find_model(name, quiet);
    model.pictures = pictures;
    return model;
  };
  const app::PolicyModels names = app::models_of(policy);
  return {.texts = found(names.texts),
          .questions = found(names.questions),
          .captions = found(names.captions)};
}

std::string decision_line(const app::Policy& policy, const std::string& path,
                          const app::Decision& decision) {
  nlohmann::ordered_json json = {{"path", app::path_text(path)}};
  json.update(app::decision_json(policy, decision));
  return json.dump() + "\n";
}

// What could not be looked at is for people to look at.
std::string failure_line(const std::string& path, const std::string& error) {
  const nlohmann::ordered_json json = {
      {"path", app::path_text(path)}, {"action", "review"}, {"error", app::to_utf8(error)}};
  return json.dump() + "\n";
}

std::unique_ptr<ModerateOptions> parse_moderate_options(Arguments arguments) {
  auto options = std::make_unique<ModerateOptions>();
  OptionParser app;
  // The text that comes with a picture may be absent.
  options->inputs.selection.columns.text = "text";
  options->inputs.selection.columns.otherwise = "";
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  declare_policy(app, options->policy);
  app.add_option("--threads", options->model.threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, 1024));
  app.add_option("-o,--output", options->output.file, "Write the decisions to FILE")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", options->output.quiet, "No progress line on the terminal");
  const CommandHelp help = {
      .name = "moderate",
      .synopsis = "[options] IMAGE... | calibrate",
      .summary =
          "Says by a policy whether pictures, with the texts that come with them, are to be "
          "allowed, reviewed or blocked, and why: a JSON object per picture.",
      .footer = kModerateFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->output.records = false;
  return options;
}

ExitCode moderate(Arguments arguments) {
  const auto options = parse_moderate_options(arguments);
  if (!options) return ExitCode::ok;
  // One picture at a time: a batch of several is rounded otherwise.
  ImageRun run(options->inputs, options->output, /*batch=*/1, {});
  Context context({.num_threads = options->model.threads});
  app::Policy policy = read_policy_file(options->policy, options->output.quiet);
  const app::ModeratorModels models =
      opened_models(policy, options->inputs.pictures, options->output.quiet);
  const bool reads_again = app::models_of(policy).count() > 1;
  const app::Moderator moderator(std::move(policy), models, context);
  app::OutputFile output = options->output.file.empty()
                               ? app::OutputFile::standard_output()
                               : app::OutputFile::open(options->output.file, /*append=*/false);
  run.start(moderator.pictures(), context.num_threads(), [&](const Input& input) {
    if (reads_again && input.path == "-") {
      throw Error(ErrorCode::invalid_argument,
                  "can be read once only, and the policy needs several models");
    }
  });
  while (const auto batch = run.next_batch()) {
    std::vector<std::string> errors;
    for (const app::PreparedImage& image : batch->all()) {
      if (!image.error.empty()) {
        output.write(failure_line(image.name, image.error));
        continue;
      }
      // Other models read the picture again, and it may be gone by then.
      std::string& error = errors.emplace_back();
      std::string line;
      try {
        line = decision_line(moderator.policy(), image.name, moderator.moderate(image, context));
      } catch (const Error& failure) {
        error = failure.what();
        line = failure_line(image.name, error);
      }
      output.write(line);
    }
    run.report(*batch, std::vector<std::vector<app::Finding>>(errors.size()), errors);
  }
  output.close();
  return run.finish();
}

std::unique_ptr<CalibrateOptions> parse_calibrate_options(Arguments arguments) {
  auto options = std::make_unique<CalibrateOptions>();
  OptionParser app;
  app.add_option(
         "LABELLED", options->labelled,
         "JSON lines: {\"path\": ..., \"labels\": [\"weapons\"]}, with \"text\" if there is")
      ->type_name("FILE")
      ->required();
  declare_policy(app, options->policy);
  app.add_option("-o,--output", options->output, "The policy with calibrations and thresholds")
      ->type_name("FILE")
      ->required();
  app.add_option("--method", options->method, "platt or isotonic [platt]")
      ->type_name("HOW")
      ->check(one_of({"platt", "isotonic"}));
  app.add_option("--block-precision", options->fitting.block_precision,
                 "Block from the lowest threshold that has this precision [0.9]")
      ->type_name("P")
      ->check(number(0, 1));
  app.add_option("--review-recall", options->fitting.review_recall,
                 "Review from the highest threshold that has this recall [0.8]")
      ->type_name("R")
      ->check(number(0, 1));
  app.add_option("--report", options->report, "Curves, thresholds and what the policy then decides")
      ->type_name("FILE");
  app.add_option("--test", options->test, "Other labelled pictures, to judge the new policy by")
      ->type_name("FILE");
  app.add_option("--threads", options->threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, 1024));
  app.add_flag("-q,--quiet", options->quiet, "Print no summary");
  const CommandHelp help = {
      .name = "moderate calibrate",
      .synopsis = "[options] LABELLED",
      .summary =
          "Turns the scores of a policy's rules into probabilities and chooses thresholds, "
          "by pictures that people have labelled.",
      .footer = kCalibrateFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->fitting.isotonic = options->method == "isotonic";
  return options;
}

std::vector<app::LabelledPicture> labelled_pictures(const std::string& file,
                                                    const app::Policy& policy) {
  return app::read_labelled(read_text_file(file, kMaxLabelledBytes), file, policy);
}

// Throws for a picture that cannot be read: what is left out would change the numbers.
std::vector<app::Decision> decisions_of(const app::Moderator& moderator,
                                        const std::vector<app::LabelledPicture>& pictures,
                                        Context& context) {
  std::vector<app::Decision> decisions;
  for (const app::LabelledPicture& picture : pictures) {
    const app::PreparedImage image{.name = picture.path,
                                   .index = 0,
                                   .pixel_values = moderator.pictures()(picture.path),
                                   .error = {},
                                   .text = picture.text};
    decisions.push_back(moderator.moderate(image, context));
  }
  return decisions;
}

void write_json(const std::string& file, const nlohmann::ordered_json& json) {
  app::PartialFile partial(file);
  partial.write(json.dump(2) + "\n");
  partial.put_in_place();
}

std::string judged_text(const nlohmann::ordered_json& judged) {
  std::string text;
  for (const auto& category : judged) {
    const auto figures = [&](const char* key) {
      const auto& counts = category[key];
      return fmt::format("precision {} recall {}", counts["precision"].dump(),
                         counts["recall"].dump());
    };
    text += fmt::format("{}: {} of {} pictures; blocked: {}; blocked or reviewed: {}\n",
                        printable(category["category"].get<std::string>()),
                        category["positives"].dump(), category["pictures"].dump(),
                        figures("blocked"), figures("blocked_or_reviewed"));
  }
  return text;
}

ExitCode calibrate(Arguments arguments) {
  const auto options = parse_calibrate_options(arguments);
  if (!options) return ExitCode::ok;
  Context context({.num_threads = options->threads});
  const app::Policy policy = read_policy_file(options->policy, /*quiet=*/true);
  const auto pictures = labelled_pictures(options->labelled, policy);
  std::vector<app::LabelledPicture> test;
  if (!options->test.empty()) test = labelled_pictures(options->test, policy);
  const app::Moderator moderator(policy, opened_models(policy, {}, options->quiet), context);
  const auto decisions = decisions_of(moderator, pictures, context);
  const app::FittedPolicy fitted = app::fit_policy(policy, pictures, decisions, options->fitting);
  nlohmann::ordered_json report = {
      {"method", options->method},
      {"block_precision", options->fitting.block_precision},
      {"review_recall", options->fitting.review_recall},
      {"rules", fitted.report},
      {"on_the_same_pictures", app::decision_report(fitted.policy, pictures, decisions)}};
  std::string summary =
      "on the pictures it was fitted to\n" + judged_text(report["on_the_same_pictures"]);
  if (!test.empty()) {
    report["on_test_pictures"] =
        app::decision_report(fitted.policy, test, decisions_of(moderator, test, context));
    summary += "on test pictures\n" + judged_text(report["on_test_pictures"]);
  }
  write_json(options->output, app::policy_json(fitted.policy));
  if (!options->report.empty()) write_json(options->report, report);
  if (!options->quiet) print(summary);
  return ExitCode::ok;
}

}  // namespace

ExitCode run_moderate(Arguments arguments) {
  if (!arguments.empty() && arguments.front() == "calibrate") {
    return calibrate(arguments.subspan(1));
  }
  return moderate(arguments);
}

}  // namespace blip::cli
