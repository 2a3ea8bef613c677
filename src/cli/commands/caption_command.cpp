// blip caption: describes images.
#include <memory>
#include <utility>
#include <vector>

#include "cli/captioner.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/options/caption_options.hpp"

namespace blip::cli {
namespace {

std::vector<std::vector<Finding>> examine(Captioner& captioner, Images images) {
  std::vector<std::vector<Finding>> findings;
  for (const auto& captions : captioner.caption(images)) {
    Finding finding;
    for (const std::string& caption : captions) {
      finding.results.push_back({.values = {caption}, .line = caption});
    }
    findings.push_back({std::move(finding)});
  }
  return findings;
}

RecordShape shape_of_captions() {
  RecordShape shape;
  shape.results = {"caption"};
  shape.list = "captions";
  return shape;
}

}  // namespace

ExitCode run_caption(Arguments arguments) {
  const auto options = parse_caption_options(arguments);
  if (!options) return ExitCode::ok;

  const auto captions_per_image = options->generation.options.num_return_sequences.value_or(1);
  const ImageRun run = {
      .inputs = options->inputs,
      .output = options->output,
      .batch = options->model.batch,
      .shape = shape_of_captions(),
      // A file that is to be resumed tells by the names what it holds.
      .text_with_path = options->output.resume || !options->inputs.names_one_image(),
      .results_per_finding = static_cast<std::size_t>(captions_per_image)};
  std::unique_ptr<Captioner> captioner;
  return run_images(run, [&] {
    captioner = std::make_unique<Captioner>(*options);
    return task_of(*captioner, [&](Images images) { return examine(*captioner, images); });
  });
}

}  // namespace blip::cli
