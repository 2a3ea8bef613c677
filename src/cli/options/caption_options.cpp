#include "cli/options/caption_options.hpp"

#include <string_view>

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kCaptionFooter =
    "Examples:\n"
    "  blip caption photo.jpg --beams 3\n"
    "  blip caption ~/Pictures --recursive --output captions.jsonl --resume\n";

}  // namespace

std::unique_ptr<CaptionOptions> parse_caption_options(Arguments arguments) {
  auto options = std::make_unique<CaptionOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  app.add_option("-p,--prompt", options->prompt, "How every caption starts, e.g. \"a photo of\"")
      ->type_name("TEXT")
      ->group(GenerationChoices::kGroup);
  options->generation.declare(app);
  options->explain.declare(app);
  options->output.declare(
      app, record_formats(),
      "Keep the captions that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "caption",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Describes images. One image prints its caption alone, several print `path: caption`.",
      .footer = kCaptionFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->model.resolve();
  options->generation.resolve(app);
  options->explain.resolve(app);
  options->output.resolve();
  return options;
}

}  // namespace blip::cli
