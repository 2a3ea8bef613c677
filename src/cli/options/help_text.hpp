// The text of `blip COMMAND --help`.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "cli/options/command_line.hpp"

namespace blip::cli {

/// Writes it to stdout. Throws OutputError.
void print_help(const CLI::App& app, const CommandHelp& help);

}  // namespace blip::cli
