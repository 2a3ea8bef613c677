// blip models: lists the models that came with blip.
#include <CLI/CLI.hpp>
#include <string>

#include "checkpoint/model_directory.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"

namespace blip::cli {

ExitCode run_models(Arguments arguments) {
  CLI::App app;
  const CommandHelp help = {
      .name = "models",
      .synopsis = "",
      .summary = "Lists the bundled models, a name and a directory on each line.",
      .footer = "Example:\n  blip caption photo.jpg --model nano\n"};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;
  std::string lines;
  for (const std::string& name : bundled_models()) {
    lines += name + "\t" + resolve_model(name).string() + "\n";
  }
  print(lines);
  return ExitCode::ok;
}

}  // namespace blip::cli
