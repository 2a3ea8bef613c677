// What `blip` says to a person: lines on stderr, short texts on stdout.
#pragma once

#include <string>
#include <string_view>

#include "app/records/record.hpp"

namespace blip::cli {

using app::printable;

/// Writes "blip: MESSAGE" to stderr as one line.
void say(std::string_view message);

/// Writes to stderr as it is, ignoring failures: there is nowhere left to report them.
void write_to_stderr(std::string_view text);

/// Writes to stdout. Throws OutputError.
void print(std::string_view text);

}  // namespace blip::cli
