// blip: finds the command, runs it, turns what it throws into one line and an exit code.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/images/open_image.hpp"
#include "app/records/output_file.hpp"
#include "blip/error.hpp"
#include "blip/version.hpp"
#include "cli/commands.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"
#include "cli/output/version_text.hpp"

namespace blip::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  ExitCode (*run)(Arguments);
};

constexpr std::array kCommands = {
    Command{"alt", "Suggest alternative texts for the pictures of a site", run_alt},
    Command{"ask", "Answer questions about images", run_ask},
    Command{"caption", "Describe images in words", run_caption},
    Command{"classify", "Name what is in images", run_classify},
    Command{"compare", "Show what models of different kinds make of a photo", run_compare},
    Command{"convert", "Make safetensors of a model in any format", run_convert},
    Command{"dedupe", "Find photos of an index that are there twice", run_dedupe},
    Command{"describe", "Write what images show into their metadata", run_describe},
    Command{"draw", "Draw pictures from words", run_draw},
    Command{"embed", "Turn images or texts into vectors", run_embed},
    Command{"eval", "Judge captions, answers, classes and retrieval", run_eval},
    Command{"explain", "Show where in an image a model looked for each word", run_explain},
    Command{"index", "Make folders of photos searchable", run_index},
    Command{"inspect", "Show what a model consists of", run_inspect},
    Command{"interrogate", "Write prompts that say how images might have been made",
            run_interrogate},
    Command{"match", "Say how well texts fit images", run_match},
    Command{"models", "List the models that are here", run_models},
    Command{"moderate", "Say by a policy whether images may be shown", run_moderate},
    Command{"pull", "Download models from the Hugging Face hub", run_pull},
    Command{"rank", "Find the images that fit a text, or the texts that fit an image", run_rank},
    Command{"reason", "Say whether statements about two images are true", run_reason},
    Command{"search", "Find photos of an index by words and by photos", run_search},
    Command{"serve", "Answer over HTTP, as servers that applications know", run_serve},
    Command{"tag", "Find the tags that fit images", run_tag},
    Command{"train", "Train models (if this blip was built with training)", run_train},
    Command{"verify", "Check that a model answers what it is known to answer", run_verify},
};

std::string general_help() {
  std::string text = "blip " + std::string(version()) +
                     ": describes images, offline, with BLIP models.\n"
                     "\n"
                     "Usage: blip COMMAND [options]\n"
                     "\n"
                     "Commands:\n";
  for (const Command& command : kCommands) {
    text += "  " + std::string(command.name) + std::string(12 - command.name.size(), ' ') +
            std::string(command.summary) + "\n";
  }
  text +=
      "\n"
      "  -h, --help    `blip COMMAND --help` tells a command's options\n"
      "  --version     Print the version; with --verbose, what it is built of and uses here\n"
      "\n"
      "Examples:\n"
      "  blip caption photo.jpg\n"
      "  blip caption ~/Pictures --recursive --format jsonl --output captions.jsonl --resume\n"
      "\n"
      "Exit code: 0 all done; 1 some inputs failed (each named on stderr); 2 nothing could run.\n";
  return text;
}

[[noreturn]] void reject_command(const std::string& name) {
  std::error_code ignored;
  if (app::is_url(name) || std::filesystem::exists(name, ignored)) {
    throw UsageError("'" + name + "' is not a command; did you mean: blip caption " + name);
  }
  throw UsageError("unknown command '" + name + "'; see: blip --help");
}

ExitCode dispatch(const std::vector<std::string>& words) {
  if (words.empty()) throw UsageError("no command given; see: blip --help");
  const std::string& first = words.front();
  if (first == "-h" || first == "--help" || (first == "help" && words.size() == 1)) {
    print(general_help());
    return ExitCode::ok;
  }
  if (first == "--version") {
    if (words.size() == 2 && words[1] == "--verbose") {
      print(version_details());
      return ExitCode::ok;
    }
    print("blip " + std::string(version()) + "\n");
    return ExitCode::ok;
  }
  const bool wants_help = first == "help";
  const std::string& name = wants_help ? words[1] : first;
  const auto* command = std::find_if(kCommands.begin(), kCommands.end(),
                                     [&](const Command& known) { return known.name == name; });
  if (command == kCommands.end()) reject_command(name);
  if (wants_help) return command->run(std::array<std::string, 1>{"--help"});
  return command->run(Arguments(words).subspan(1));
}

// A descriptor 0, 1 or 2 that the caller closed would be given to the next file opened, and results
// or messages would be written into that file. Opened for the wrong direction, so that using it
// fails as it would have.
void occupy_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) != -1) continue;
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) == -1) return;
  }
}

ExitCode run(const std::vector<std::string>& words) {
  try {
    return dispatch(words);
  } catch (const app::OutputError& error) {
    if (error.reader_left()) return ExitCode::reader_left;
    print_message(error.what());
  } catch (const std::bad_alloc&) {
    print_message("not enough memory");
  } catch (const std::system_error& error) {
    const bool has_no_thread = error.code() == std::errc::resource_unavailable_try_again;
    print_message(has_no_thread
                      ? "no memory for another thread, or too many threads (ulimit -v, -u)"
                      : error.what());
  } catch (const std::exception& error) {  // UsageError, blip::Error
    print_message(error.what());
  }
  return ExitCode::cannot_run;
}

}  // namespace
}  // namespace blip::cli

int main(int argc, char** argv) {
  // A reader that leaves (`| head`) is then an error of write(), which ends the run in order.
  std::signal(SIGPIPE, SIG_IGN);
  blip::cli::occupy_standard_descriptors();
  return static_cast<int>(blip::cli::run({argv + std::min(argc, 1), argv + argc}));
}
