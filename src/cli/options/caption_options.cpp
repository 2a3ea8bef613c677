#include "cli/options/caption_options.hpp"

#include <string_view>

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kCaptionFooter =
    "Examples:\n"
    "  blip caption photo.jpg --beams 3\n"
    "  blip caption ~/Pictures --recursive --output captions.jsonl --resume\n"
    "  blip caption dataset --sidecar .txt --prefix \"sks dog,\" --ban-words banned.txt\n";

// Longer than any caption; a larger number is a mistake.
constexpr int kMaxCharacters = 1'000'000;

void declare_edits(OptionParser& app, CaptionOptions& options) {
  const char* group = "Captions as they are written";
  app.add_flag("--strip-prompt", options.edits.strip_prompt,
               "Leave out the prompt that a caption begins with")
      ->group(group);
  app.add_option("--prefix", options.edits.prefix, "Put TEXT before every caption")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--suffix", options.edits.suffix, "Put TEXT behind every caption")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--max-chars", options.edits.max_characters,
                 "Cut captions at a word, so that they have at most N characters with prefix and "
                 "suffix")
      ->type_name("N")
      ->check(whole_number(1, kMaxCharacters))
      ->group(group);
}

}  // namespace

std::unique_ptr<CaptionOptions> parse_caption_options(Arguments arguments) {
  auto options = std::make_unique<CaptionOptions>();
  OptionParser app;
  options->inputs.selection.columns.text = "prompt";
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  app.add_option("-p,--prompt", options->prompt, "How every caption starts, e.g. \"a photo of\"")
      ->type_name("TEXT")
      ->group(GenerationChoices::kGroup);
  options->generation.declare(app);
  declare_edits(app, *options);
  options->explain.declare(app);
  options->output.declare(
      app, record_formats(),
      "Keep the captions that FILE has, do the rest; failed images are tried again");
  options->sidecars.declare(app);
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
  options->inputs.selection.columns.otherwise = options->prompt;
  options->model.resolve();
  options->generation.resolve(app);
  options->generation.require_own_input(options->inputs.selection);
  options->sidecars.resolve(app, options->generation.options.num_return_sequences.value_or(1),
                            options->output);
  options->explain.resolve(app);
  options->output.resolve();
  return options;
}

}  // namespace blip::cli
