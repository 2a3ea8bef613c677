// Runs the real `blip` program as a user's shell would.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace blip::testing {

struct Outcome {
  int exit_code = -1;  ///< 128 + the signal if one killed it
  bool killed = false;
  std::string out;
  std::string err;
};

struct RunOptions {
  std::string input = {};                               ///< its standard input
  std::map<std::string, std::string> environment = {};  ///< added to the usual one
  std::filesystem::path directory = {};                 ///< where it runs; empty: here
  std::string stdout_file = {};  ///< instead of collecting it, e.g. "/dev/full"
};

/// The program that is tested: of this build, or $BLIP_PROGRAM, as one with sanitizers.
std::string program_path();

/// Runs `blip` with these arguments to its end.
Outcome run_blip(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// A running `blip` whose standard input and output are pipes.
class BackgroundBlip {
 public:
  explicit BackgroundBlip(const std::vector<std::string>& arguments, bool ignore_sigint = false);
  ~BackgroundBlip();
  BackgroundBlip(const BackgroundBlip&) = delete;
  BackgroundBlip& operator=(const BackgroundBlip&) = delete;

  void type(const std::string& text) const;
  void close_input();
  /// The next line it prints, without its end; "" at the end of its output.
  std::string read_line();
  /// Fills the pipe of its standard output, so that it hangs in the next write to it.
  void fill_output() const;
  /// Closes this end of its standard output.
  void close_output();
  void signal(int number) const;
  /// Waits until the signal is pending no longer. False if that does not happen.
  [[nodiscard]] bool takes(int number) const;
  /// False if it still runs after `limit`.
  bool wait_for_death(std::chrono::milliseconds limit);
  /// Waits for its end; `out` is what read_line has not taken.
  Outcome wait();

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffer_;
};

/// Runs `blip` with standard error (and output, if asked) on a terminal; `err` is all that the
/// terminal received.
Outcome run_on_terminal(const std::vector<std::string>& arguments, bool stdout_too);

}  // namespace blip::testing
