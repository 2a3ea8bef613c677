// blip caption: describes images.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/captioner.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/caption_options.hpp"

namespace blip::cli {
namespace {

app::RecordSchema schema_of(const CaptionOptions& options) {
  app::RecordSchema schema;
  schema.results = {"caption"};
  schema.list = "captions";
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  schema.results_per_finding =
      static_cast<std::size_t>(options.generation.options.num_return_sequences.value_or(1));
  return schema;
}

std::vector<std::vector<app::Finding>> findings_of(const std::vector<app::Captions>& images) {
  std::vector<std::vector<app::Finding>> findings;
  for (const app::Captions& captions : images) {
    app::Finding finding;
    for (const std::string& caption : captions) {
      finding.results.push_back({.values = {caption}, .line = caption});
    }
    findings.push_back({std::move(finding)});
  }
  return findings;
}

std::vector<app::Captions> captions_of(const std::vector<app::ExplainedCaptions>& explained) {
  std::vector<app::Captions> captions;
  for (const app::ExplainedCaptions& of_image : explained) {
    app::Captions& texts = captions.emplace_back();
    for (const app::Explanation& caption : of_image) texts.push_back(caption.text);
  }
  return captions;
}

// The captions of the images, and their explanations in the folder if there is one.
std::vector<app::Captions> caption(const app::Captioner& captioner, app::Images images,
                                   const CaptionOptions& options,
                                   const std::optional<app::ExplanationFolder>& folder,
                                   Context& context) {
  if (!folder) return captioner.caption(images, context);
  const auto explained = captioner.explain(images, *options.explain.options(), context);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t k = 0; k < explained[i].size(); ++k) {
      folder->write(images[i]->name, images[i]->index, k, explained[i].size(), explained[i][k]);
    }
  }
  return captions_of(explained);
}

}  // namespace

ExitCode run_caption(Arguments arguments) {
  const auto options = parse_caption_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  const app::Captioner captioner(
      find_model(options->model, options->inputs.pictures, options->output.quiet),
      {.prompt = options->prompt, .generation = options->generation.options});
  Context context({.num_threads = options->model.threads});
  const auto folder = options->explain.open(options->inputs.pictures.exif_rotation);
  run.start(captioner.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    const auto captions = options->generation.with_option_names(
        [&] { return caption(captioner, batch->images(), *options, folder, context); });
    run.report(*batch, findings_of(captions));
  }
  return run.finish();
}

}  // namespace blip::cli
