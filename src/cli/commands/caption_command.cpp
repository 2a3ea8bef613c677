// blip caption: describes images.
#include <cstddef>
#include <utility>
#include <vector>

#include "app/captioner.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/caption_options.hpp"
#include "cli/output/score_columns.hpp"

namespace blip::cli {
namespace {

app::RecordSchema schema_of(const CaptionOptions& options) {
  app::RecordSchema schema;
  schema.asked_by_input = options.inputs.has_texts();
  if (schema.asked_by_input) schema.about = {"prompt"};
  schema.results = {"caption"};
  add_score_columns(score_columns_of(options.generation.options), schema);
  schema.list = "captions";
  schema.list_of_others = "scores";
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  schema.results_per_finding =
      static_cast<std::size_t>(options.generation.options.num_return_sequences.value_or(1));
  return schema;
}

std::vector<std::vector<app::Finding>> findings_of(const std::vector<app::Captions>& captions,
                                                   app::Images images,
                                                   const CaptionOptions& options) {
  const ScoreColumns columns = score_columns_of(options.generation.options);
  std::vector<std::vector<app::Finding>> findings;
  for (std::size_t image = 0; image < images.size(); ++image) {
    app::Finding finding;
    if (images[image]->text) finding.about = {*images[image]->text};
    for (const app::Caption& caption : captions[image]) {
      finding.results.push_back({.values = {caption.text}, .line = caption.text});
      add_scores(caption.score, columns, finding.results.back());
    }
    findings.push_back({std::move(finding)});
  }
  return findings;
}

// captions: of every image
void write_explanations(const app::ExplanationFolder& folder, app::Images images,
                        const std::vector<app::Captions>& captions) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t k = 0; k < captions[i].size(); ++k) {
      folder.write(images[i]->name, images[i]->index, k, captions[i].size(),
                   captions[i][k].explanation.value());
    }
  }
}

}  // namespace

ExitCode run_caption(Arguments arguments) {
  const auto options = parse_caption_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  GenerationOptions generation = options->generation.options;
  generation.output_scores = options->output.tells_scores();
  const app::Captioner captioner(
      find_model(options->model, options->inputs.pictures, options->output.quiet),
      {.prompt = options->prompt,
       .generation = generation,
       .banned_words = options->generation.banned_words,
       .edits = options->edits,
       .explain = options->explain.options()});
  Context context({.num_threads = options->model.threads});
  if (options->inputs.has_texts()) {
    // What is wrong with the options is not to be told of every image.
    options->generation.with_option_names([&] { captioner.check({.text = ""}); });
  }
  const auto folder = options->explain.open(options->inputs);
  run.start(captioner.pictures(), context.num_threads(), [&](const Input& input) {
    options->generation.with_option_names([&] { captioner.check(input); });
  });
  while (const auto batch = run.next_batch()) {
    const auto captions = options->generation.with_option_names(
        [&] { return captioner.caption(batch->images(), context); });
    if (folder) write_explanations(*folder, batch->images(), captions);
    run.report(*batch, findings_of(captions, batch->images(), *options));
  }
  return run.finish();
}

}  // namespace blip::cli
