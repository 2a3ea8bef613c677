// blip convert: makes safetensors of a model in any format.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "app/models/model_converter.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "core/replacement_file.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kConvertFooter =
    "Examples:\n"
    "  blip convert model_base_caption_capfilt_large.pth ./caption-base\n"
    "  blip convert ./blip-vqa-base ./blip-vqa-base-f16 --dtype f16\n"
    "  blip convert ./blip-vqa-base ./blip-vqa-base-int8 --dtype int8\n"
    "  blip convert ./lora-adapter ./merged\n"
    "\n"
    "Exit code: 0 converted; 2 not, and OUTPUT has none of the new files.\n";

std::optional<DType> dtype_called(const std::string& name) {
  if (name == "f32") return DType::f32;
  if (name == "f16") return DType::f16;
  if (name == "bf16") return DType::bf16;
  if (name == "int8") return DType::i8;
  return std::nullopt;
}

}  // namespace

ExitCode run_convert(Arguments arguments) {
  std::string model;
  std::string adapter;
  std::string output;
  std::string dtype = "stored";
  bool force = false;

  OptionParser app;
  app.add_option("MODEL", model,
                 "A model directory, a checkpoint file (.safetensors, .bin, .pth, .msgpack) or the "
                 "name of a "
                 "bundled model")
      ->required()
      ->group("Files");
  app.add_option("OUTPUT", output, "The directory for the new files; made if need be")
      ->required()
      ->group("Files");
  declare_adapter(app, adapter);
  app.add_option("--dtype", dtype,
                 "Number type of the weights: stored, f32, f16, bf16 or int8 (matrices alone, with "
                 "one scale per output; for blip, transformers does not load it) [stored]")
      ->type_name("TYPE")
      ->check(one_of({"stored", "f32", "f16", "bf16", "int8"}))
      ->group("Output");
  app.add_flag("--force", force, "Overwrite files that are there already")->group("Output");
  const CommandHelp help = {.name = "convert",
                            .synopsis = "[options] MODEL OUTPUT",
                            .summary =
                                "Writes a model of any format (safetensors, pytorch_model.bin, the "
                                "original .pth, Flax msgpack, "
                                "in one file or several) as a directory with model.safetensors, "
                                "config.json, the preprocessing "
                                "and the vocabulary, which blip and transformers load alike.",
                            .footer = kConvertFooter};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;

  const InterruptWatcher watcher([&output] { remove_own_partial_files(output); });
  const app::ConvertSummary summary = app::convert_model(
      find_source(model, adapter), output, {.dtype = dtype_called(dtype), .overwrite = force});
  print(fmt::format("{}/model.safetensors: {} tensors, {:.1f} MB\n", printable(output),
                    summary.tensors, static_cast<double>(summary.bytes) / 1e6));
  return ExitCode::ok;
}

}  // namespace blip::cli
