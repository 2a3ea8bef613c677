// blip train: starts blip-train, the program that knows libtorch; this one never loads it.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "blip/error.hpp"
#include "cli/commands.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr const char* kProgram = "blip-train";
constexpr std::string_view kHowToBuild =
    "this blip was built without training; from its sources, with libtorch (libtorch-dev): "
    "cmake --preset release -DBLIP_TRAIN=ON && cmake --build --preset release";

bool can_be_run(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// Beside this program, else the first in PATH.
std::optional<std::filesystem::path> find_program() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && can_be_run(self.parent_path() / kProgram)) return self.parent_path() / kProgram;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
    const std::filesystem::path file = std::filesystem::path(directory) / kProgram;
    // An empty entry would be the current directory, where anybody may have put something.
    if (!directory.empty() && can_be_run(file)) return file;
  }
  return std::nullopt;
}

}  // namespace

ExitCode run_train(Arguments arguments) {
  const std::optional<std::filesystem::path> program = find_program();
  if (!program) {
    const bool wants_help =
        !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
    if (!wants_help) throw UsageError(std::string(kHowToBuild));
    print("Usage: blip train COMMAND [options]\n\n" + std::string(kHowToBuild) + "\n");
    return ExitCode::ok;
  }
  std::vector<std::string> words = {program->string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program->c_str(), argv.data());
  throw Error(ErrorCode::unreadable,
              program->string() + ": cannot be started: " + std::generic_category().message(errno));
}

}  // namespace blip::cli
