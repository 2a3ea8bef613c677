// blip tag: all the tags of a list that fit images.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/tagger.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/label_options.hpp"
#include "cli/options/text_choices.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kTagFooter =
    "Examples:\n"
    "  blip tag photo.jpg\n"
    "  blip tag ~/Pictures --recursive -o tags.jsonl --resume\n"
    "  blip tag ~/Pictures --labels my-tags.txt --top 3 --margin 0.05\n";

struct TagOptions {
  InputOptions inputs;
  ModelOptions model{kRetrievalModel};
  LabelOptions labels;
  std::string background_file;
  std::vector<std::string> background;  ///< empty: the tagger's own
  int top = 10;
  float margin = 0.0F;
  OutputOptions output;
};

std::unique_ptr<TagOptions> parse_tag_options(Arguments arguments) {
  auto options = std::make_unique<TagOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  options->labels.declare(app, "The tags, instead of the everyday ones that come with blip");
  app.add_option("--top", options->top, "Give at most N tags for an image [10]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group("Labels");
  app.add_option("--margin", options->margin,
                 "Give only tags whose cosine is at least this much above the background's [0]")
      ->type_name("X")
      ->check(number(-2, 2))  // cosines differ by no more
      ->group("Labels");
  app.add_option("--background", options->background_file,
                 "Read words that fit any image from FILE, one on each line: the one that fits an "
                 "image best is what tags are measured against [something, anything, a thing]")
      ->type_name("FILE")
      ->group("Labels");
  options->output.declare(
      app, record_formats(),
      "Keep the tags that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "tag",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Finds the tags that fit images, out of some 1,800 everyday ones or your own, the best "
          "first: those whose embedding is nearer to the image's than that of words which fit "
          "any image. The scores are by how much.",
      .footer = kTagFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->labels.resolve();
  if (!options->background_file.empty()) options->background = lines_of(options->background_file);
  options->model.resolve();
  options->output.resolve();
  return options;
}

app::RecordSchema schema_of(const TagOptions& options) {
  app::RecordSchema schema;
  schema.results = {"tags", "scores"};
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  return schema;
}

app::Finding finding_of(const std::vector<app::ScoredLabel>& tags) {
  std::vector<std::string> names;
  std::vector<float> scores;
  for (const app::ScoredLabel& tag : tags) {
    names.push_back(tag.label);
    scores.push_back(tag.score);
  }
  std::string line = fmt::format("{}", fmt::join(names, ", "));
  app::Finding finding;
  finding.results.push_back(
      {.values = {std::move(names), std::move(scores)}, .line = std::move(line)});
  return finding;
}

app::TaggerOptions tagger_options(const TagOptions& options) {
  app::TaggerOptions tagger = {.tags = options.labels.set,
                               .kept_labels = options.labels.kept_labels()};
  if (!options.labels.given()) tagger.tags.labels = app::everyday_tags();
  if (!options.background.empty()) tagger.background = options.background;
  return tagger;
}

}  // namespace

ExitCode run_tag(Arguments arguments) {
  const auto options = parse_tag_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  Context context({.num_threads = options->model.threads});
  const app::Tagger tagger(
      find_model(options->model, options->inputs.pictures, options->output.quiet),
      tagger_options(*options), context);
  const app::TagChoice choice = {.top = static_cast<std::size_t>(options->top),
                                 .margin = options->margin};
  run.start(tagger.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    std::vector<std::vector<app::Finding>> findings;
    for (const auto& tags : tagger.tag(batch->images(), choice, context)) {
      findings.push_back({finding_of(tags)});
    }
    run.report(*batch, findings);
  }
  return run.finish();
}

}  // namespace blip::cli
