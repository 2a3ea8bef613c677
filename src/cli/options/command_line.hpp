// What every command's options have in common: how they are declared, read from the command line
// and the environment, checked and explained.
#pragma once

#include <CLI/App.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"

namespace blip::cli {

/// What was typed cannot be run. `what()` is one line.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The texts around the options in `blip COMMAND --help`.
struct CommandHelp {
  std::string_view name;             ///< "caption"
  std::string_view synopsis;         ///< "[options] IMAGE…"
  std::string_view summary;          ///< a sentence or two
  std::string_view footer;           ///< examples
  std::string_view exit_codes = {};  ///< after these, if they are not in the footer
};

/// Of the commands that go through images.
inline constexpr std::string_view kExitCodes =
    "\nExit code: 0 all done; 1 some images failed (each named on stderr); 2 nothing could run, "
    "for\n"
    "want of a model, of any input or of a place for the output; 128 + N stopped by signal N.\n";

/// Reads `arguments` and, for every option that they do not set, the environment variable
/// BLIP_<OPTION> (`--top-p` → BLIP_TOP_P). False if the user asked for help, which is then printed.
/// Throws UsageError.
bool parse_arguments(CLI::App& app, const CommandHelp& help, Arguments arguments);

/// Whether the option `name` was given on the command line: the environment may set for all
/// commands what means nothing to this one, but whoever types it expects it to be heeded.
bool was_typed(const CLI::App& app, const std::string& name);

/// Checks for CLI::Option::check, whose messages name what is wanted.
CLI::Validator whole_number(long long least, long long most = std::numeric_limits<int>::max());
CLI::Validator number(double least, double most);
/// A finite number above 0.
CLI::Validator positive_number();
CLI::Validator one_of(std::vector<std::string> words);

}  // namespace blip::cli
