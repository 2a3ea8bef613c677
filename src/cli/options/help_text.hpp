// The text of `blip COMMAND --help`.
#pragma once

#include <vector>

#include "cli/options/command_line.hpp"

namespace blip::cli {

/// Writes it to stdout. Throws OutputError.
void print_help(const std::vector<OptionDescription>& options, const CommandHelp& help);

}  // namespace blip::cli
