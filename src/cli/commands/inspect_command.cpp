// blip inspect: shows what a model consists of and whether it can be used.
#include <string>

#include "app/models/model_report.hpp"
#include "app/models/report_text.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kInspectFooter =
    "Examples:\n"
    "  blip inspect nano\n"
    "  blip inspect ./blip-image-captioning-base --tensors --format json\n"
    "  blip inspect model_base_vqa_capfilt_large.pth\n"
    "  blip inspect ./lora-adapter\n"
    "\n"
    "Exit code: 0 the model can be used; 1 something is wrong with it; 2 there is no model.\n";

}  // namespace

ExitCode run_inspect(Arguments arguments) {
  std::string model;
  std::string adapter;
  std::string format = "text";
  bool with_tensors = false;

  OptionParser app;
  // Declared before MODEL, which thereby wins over what the environment says.
  app.add_option("-m,--model", model, "The same as MODEL")->type_name("MODEL")->group("Model");
  app.add_option(
         "MODEL", model,
         "A model directory, a checkpoint file (.safetensors, .bin, .pth) or the name of a bundled "
         "model [" +
             std::string(kCaptioningModel) + "]")
      ->group("Model");
  declare_adapter(app, adapter);
  app.add_flag("-t,--tensors", with_tensors, "List every tensor with its number type and shape")
      ->group("Output");
  app.add_option("-f,--format", format, "text, json (indented) or jsonl (on one line) [text]")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json", "jsonl"}))
      ->group("Output");
  const CommandHelp help = {
      .name = "inspect",
      .synopsis = "[options] MODEL",
      .summary =
          "Shows a model's architecture, format, parameters, number types, files, preprocessing, "
          "vocabulary and generation settings, which tensors it lacks or has to spare, and which "
          "commands it is for.",
      .footer = kInspectFooter};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;
  if (model.empty()) model = kCaptioningModel;

  const app::ModelReport report = app::inspect_model(find_source(model, adapter));
  print(format == "text" ? app::report_as_text(report, with_tensors)
                         : app::report_as_json(report, with_tensors, format == "json" ? 2 : -1));
  return report.problems.empty() ? ExitCode::ok : ExitCode::some_failed;
}

}  // namespace blip::cli
