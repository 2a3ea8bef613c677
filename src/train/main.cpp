// blip-train: what `blip train` starts. Finds the command, runs it, turns what it throws into one
// line and an exit code.
#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "app/records/output_file.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"
#include "train/commands.hpp"

namespace blip::train {
namespace {

using cli::Arguments;
using cli::ExitCode;

struct Command {
  std::string_view name;
  std::string_view summary;
  ExitCode (*run)(Arguments);
};

// In the order in which one meets them: training loops, then what looks at their runs.
constexpr std::array kCommands = {
    Command{"pretrain", "Pre-train on images and captions", run_pretrain},
    Command{"caption", "Fine-tune to caption images", run_caption},
    Command{"retrieval", "Fine-tune to find images by texts and texts by images", run_retrieval},
    Command{"vqa", "Fine-tune to answer questions", run_vqa},
    Command{"nlvr", "Fine-tune to judge statements about two images", run_nlvr},
    Command{"clip", "Fine-tune a CLIP on images and captions", run_clip},
    Command{"vqgan", "Train a VQGAN, which makes codes of pictures and back", run_vqgan},
    Command{"draw", "Train a DALL-E mini, which draws pictures from words", run_draw},
    Command{"capfilt", "Bootstrap a data set: new texts, and those that fit", run_capfilt},
    Command{"plot", "Draw the losses of runs", run_plot},
};

std::string general_help() {
  std::string text = "Usage: blip train COMMAND [options]\n\nCommands:\n";
  for (const Command& command : kCommands) {
    text += "  " + std::string(command.name) + std::string(12 - command.name.size(), ' ') +
            std::string(command.summary) + "\n";
  }
  return text + "\n  -h, --help    `blip train COMMAND --help` tells a command's options\n";
}

ExitCode dispatch(const std::vector<std::string>& words) {
  if (words.empty()) throw cli::UsageError("no command given; see: blip train --help");
  const std::string& first = words.front();
  if (first == "-h" || first == "--help" || first == "help") {
    cli::print(general_help());
    return ExitCode::ok;
  }
  const auto* command = std::find_if(kCommands.begin(), kCommands.end(),
                                     [&](const Command& known) { return known.name == first; });
  if (command == kCommands.end()) {
    throw cli::UsageError("unknown command 'train " + first + "'; see: blip train --help");
  }
  return command->run(Arguments(words).subspan(1));
}

ExitCode run(const std::vector<std::string>& words) {
  try {
    return dispatch(words);
  } catch (const app::OutputError& error) {
    if (error.reader_left()) return ExitCode::reader_left;
    cli::print_message(error.what());
  } catch (const std::bad_alloc&) {
    cli::print_message("not enough memory");
  } catch (const c10::Error& error) {  // whose what() has a backtrace
    cli::print_message(error.what_without_backtrace());
  } catch (const std::exception& error) {  // UsageError, blip::Error
    cli::print_message(error.what());
  }
  return ExitCode::cannot_run;
}

}  // namespace
}  // namespace blip::train

int main(int argc, char** argv) {
  // A reader that leaves (`| head`) is then an error of write(), which ends the run in order.
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(blip::train::run({argv + std::min(argc, 1), argv + argc}));
}
