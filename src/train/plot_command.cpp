// blip train plot: loss curves as a picture.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/options/command_line.hpp"
#include "core/file_ending.hpp"
#include "core/replacement_file.hpp"
#include "train/commands.hpp"
#include "train/run/log_reader.hpp"
#include "train/run/loss_chart.hpp"

namespace blip::train {
namespace {

// A run's directory stands for its log.
std::filesystem::path log_file(const std::string& argument) {
  std::error_code ignored;
  const std::filesystem::path path = argument;
  return std::filesystem::is_directory(path, ignored) ? path / "log.jsonl" : path;
}

// runs/large/log.jsonl is "large".
std::string short_name(const std::filesystem::path& file) {
  if (file.filename() != "log.jsonl") return file.stem().string();
  const std::filesystem::path directory = std::filesystem::absolute(file).parent_path();
  return directory.lexically_normal().filename().string();
}

std::vector<ChartLog> read_logs(const std::vector<std::string>& arguments) {
  std::vector<ChartLog> logs;
  for (const std::string& argument : arguments) {
    const std::filesystem::path file = log_file(argument);
    logs.push_back({short_name(file), read_log(file)});
  }
  // Names that do not tell them apart are no names.
  const auto is_repeated = [&](const ChartLog& log) {
    return std::count_if(logs.begin(), logs.end(),
                         [&](const ChartLog& other) { return other.name == log.name; }) > 1;
  };
  if (std::any_of(logs.begin(), logs.end(), is_repeated)) {
    for (std::size_t i = 0; i < logs.size(); ++i) logs[i].name = arguments[i];
  }
  return logs;
}

}  // namespace

cli::ExitCode run_plot(cli::Arguments arguments) {
  cli::OptionParser app;
  std::vector<std::string> logs;
  std::string output;
  ChartOptions options;
  app.add_option("LOG", logs, "Runs, or their log.jsonl")->required();
  app.add_option("-o,--output", output, "The picture to write, an SVG")
      ->type_name("FILE")
      ->required();
  app.add_option("--series", options.series,
                 "Only these values of the log, in this order, between commas")
      ->type_name("NAMES")
      ->delimiter(',');
  app.add_option("--smoothing", options.smoothing,
                 "How much of a bold curve is its past: 0 (nothing) to 0.999")
      ->type_name("SHARE")
      ->check(cli::number(0, 0.999));
  const cli::CommandHelp help = {
      .name = "train plot",
      .synopsis = "LOG… --output FILE [options]",
      .summary = "Draws the losses of one run or several: pale as they were logged, bold smoothed.",
      .footer =
          "Examples:\n  blip train plot runs/base runs/large --output curves.svg\n"
          "  blip train plot runs/base -o loss.svg --series loss,matching\n"};
  if (!cli::parse_arguments(app, help, arguments)) return cli::ExitCode::ok;
  if (file_ending(output) != "svg") {
    throw cli::UsageError("--output " + output + ": must end in .svg, which is what is written");
  }
  replace_file(output, loss_chart(read_logs(logs), options));
  return cli::ExitCode::ok;
}

}  // namespace blip::train
