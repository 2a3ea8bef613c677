// What `blip` answers to the shell.
#pragma once

namespace blip::cli {

/// A command stopped by a signal answers 128 + its number, as a shell reports it: 130 for Ctrl-C,
/// 141 (SIGPIPE) when whoever reads standard output has left.
enum class ExitCode {
  ok = 0,
  some_failed = 1,  ///< some inputs failed; each is named on stderr, the rest was done
  cannot_run = 2,   ///< wrong usage, no model, nothing to do, or output that cannot be written
  reader_left = 141,
};

}  // namespace blip::cli
