// blip pull: downloads models from the Hugging Face hub.
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "checkpoint/adapter_config.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"
#include "core/open_file.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kPullFooter =
    "The hub's own variables count: HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE\n"
    "and others, as for Python's huggingface_hub, whose cache this is.\n"
    "\n"
    "Examples:\n"
    "  blip pull Salesforce/blip-image-captioning-base\n"
    "  blip caption photo.jpg --model Salesforce/blip-image-captioning-base\n"
    "\n"
    "Exit code: 0 all are there; 1 some are not (each named on stderr); 2 nothing could run. What "
    "an\n"
    "interrupted download has brought is kept, and the next one goes on from there.\n";

// An adapter is of no use without its base model, so that comes with it.
void pull_base(const std::string& id, const std::filesystem::path& adapter, bool quiet) {
  const std::string base = read_adapter_config(adapter).base_model;
  if (base.empty()) {
    print_message(id + ": a LoRA adapter that does not name its base model");
    return;
  }
  const ModelSource source = find_source(adapter.string(), {}, quiet);
  print_message(id + ": a LoRA adapter of " + base + ", which is in " + source.model.string());
}

bool pull(const std::string& id, const HubOptions& options, bool quiet) {
  std::string failure;
  std::filesystem::path directory;
  try {
    {
      DownloadLine line(!quiet);
      directory = download_model(
          id, options,
          [&line](std::string_view file, std::uint64_t received,
                  std::optional<std::uint64_t> total) { return line.show(file, received, total); });
    }
    if (!file_exists(directory / kConfigFile)) pull_base(id, directory, quiet);
  } catch (const Error& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    print_message(failure);
    return false;
  }
  print(directory.string() + "\n");
  return true;
}

}  // namespace

ExitCode run_pull(Arguments arguments) {
  std::vector<std::string> ids;
  HubOptions options;
  bool quiet = false;

  OptionParser app;
  app.add_option("ID", ids, "Models, as org/name or org/name@revision")->group("Models");
  app.add_option("--revision", options.revision,
                 "The branch, tag or commit of models that are named without one [main]")
      ->type_name("REVISION")
      ->group("Models");
  app.add_flag("-q,--quiet", quiet, "No progress on the terminal")->group("Output");
  const CommandHelp help = {.name = "pull",
                            .synopsis = "[options] ID…",
                            .summary =
                                "Downloads models from the Hugging Face hub, or brings those that "
                                "are here up to date, and prints their directories. Of a LoRA "
                                "adapter, the base model comes as well. Every file is checked "
                                "against its size and hash.",
                            .footer = kPullFooter};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;
  if (ids.empty()) throw UsageError("no model named; see: blip pull --help");

  std::size_t failed = 0;
  for (const std::string& id : ids) {
    if (!pull(id, options, quiet)) ++failed;
  }
  if (failed == 0) return ExitCode::ok;
  return failed == ids.size() ? ExitCode::cannot_run : ExitCode::some_failed;
}

}  // namespace blip::cli
