// blip models: lists the models that are on this machine.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "blip/hub.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

std::uint64_t bytes_in(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::directory_iterator next(directory, error);
  while (!error && next != std::filesystem::directory_iterator()) {
    std::error_code ignored;
    if (next->is_regular_file(ignored)) bytes += next->file_size(ignored);
    next.increment(error);
  }
  return bytes;
}

std::string line_of(const std::string& name, const std::filesystem::path& directory,
                    std::uint64_t bytes, std::string_view remark = {}) {
  return name + "\t" + directory.string() + "\t" + human_bytes(bytes) + std::string(remark) + "\n";
}

}  // namespace

ExitCode run_models(Arguments arguments) {
  OptionParser app;
  const CommandHelp help = {
      .name = "models",
      .synopsis = "",
      .summary =
          "Lists the models that came with blip and the BLIP models in the Hugging Face hub's "
          "cache: a name, a directory and a size on each line, between tabulators.",
      .footer =
          "Examples:\n  blip caption photo.jpg --model nano\n"
          "  blip pull Salesforce/blip-image-captioning-base\n"};
  if (!parse_arguments(app, help, arguments)) return ExitCode::ok;
  std::string lines;
  for (const std::string& name : bundled_models()) {
    const std::filesystem::path directory = resolve_model(name);
    lines += line_of(name, directory, bytes_in(directory));
  }
  for (const CachedModel& model : cached_models()) {
    lines += line_of(model.id, model.directory, model.bytes,
                     model.complete ? "" : " (not complete: blip pull goes on)");
  }
  print(lines);
  return ExitCode::ok;
}

}  // namespace blip::cli
