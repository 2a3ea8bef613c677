// What every command's options have in common: how they are declared, read from the command line
// and the environment, checked and explained.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

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

/// OptionParser::parse. False if the user asked for help, which is then printed. Throws UsageError,
/// which tells where help is.
bool parse_arguments(OptionParser& parser, const CommandHelp& help, Arguments arguments);

/// Throws UsageError if the folder that `file` is to be in is not there: before anything is run,
/// rather than when its result is to be written.
void require_directory_of(const std::string& file);

/// Checks for Option::check, whose messages name what is wanted.
OptionCheck whole_number(long long least, long long most = std::numeric_limits<int>::max());
OptionCheck number(double least, double most);
/// A finite number above 0.
OptionCheck positive_number();
OptionCheck one_of(std::vector<std::string> words);

}  // namespace blip::cli
