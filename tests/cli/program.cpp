#include "program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace blip::testing {
namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

// An unnamed file, for output that is read once the program has ended.
class TemporaryFile {
 public:
  TemporaryFile() : file_(std::tmpfile(), &std::fclose) { require(file_ != nullptr, "tmpfile"); }
  [[nodiscard]] int descriptor() const { return fileno(file_.get()); }
  [[nodiscard]] std::string content() const {
    std::string text;
    std::array<char, 4096> chunk;
    off_t at = 0;
    for (ssize_t n = 0; (n = pread(descriptor(), chunk.data(), chunk.size(), at)) > 0; at += n) {
      text.append(chunk.data(), static_cast<std::size_t>(n));
    }
    return text;
  }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

// Starts the program after `arrange` has arranged its descriptors in the child.
pid_t start(const std::vector<std::string>& arguments, const std::function<void()>& arrange) {
  std::vector<std::string> words = {"blip"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string program = program_path();
  const pid_t pid = fork();
  require(pid >= 0, "fork");
  if (pid == 0) {
    arrange();
    execv(program.c_str(), pointers.data());
    _exit(126);
  }
  return pid;
}

Outcome finish(pid_t pid) {
  int status = 0;
  require(waitpid(pid, &status, 0) == pid, "waitpid");
  Outcome run;
  run.killed = WIFSIGNALED(status);
  run.exit_code = run.killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return run;
}

}  // namespace

std::string program_path() {
  const char* const other = std::getenv("BLIP_PROGRAM");  // NOLINT(concurrency-mt-unsafe)
  return other != nullptr ? other : BLIP_PROGRAM;
}

Outcome run_blip(const std::vector<std::string>& arguments, const RunOptions& options) {
  const TemporaryFile input;
  const TemporaryFile output;
  const TemporaryFile errors;
  require(pwrite(input.descriptor(), options.input.data(), options.input.size(), 0) ==
              static_cast<ssize_t>(options.input.size()),
          "pwrite");
  const pid_t pid = start(arguments, [&] {
    dup2(input.descriptor(), STDIN_FILENO);
    const int file = options.stdout_file.empty() ? output.descriptor()
                                                 : open(options.stdout_file.c_str(), O_WRONLY);
    dup2(file, STDOUT_FILENO);
    dup2(errors.descriptor(), STDERR_FILENO);
    for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
    if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(125);
  });
  Outcome run = finish(pid);
  run.out = output.content();
  run.err = errors.content();
  return run;
}

BackgroundBlip::BackgroundBlip(const std::vector<std::string>& arguments, bool ignore_sigint) {
  std::array<int, 2> input = {};
  std::array<int, 2> output = {};
  require(pipe2(input.data(), O_CLOEXEC) == 0 && pipe2(output.data(), O_CLOEXEC) == 0, "pipe2");
  pid_ = start(arguments, [&] {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    if (ignore_sigint) std::signal(SIGINT, SIG_IGN);
  });
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  output_ = output[0];
}

BackgroundBlip::~BackgroundBlip() {
  close_input();
  close_output();
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void BackgroundBlip::type(const std::string& text) const {
  require(write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
}

void BackgroundBlip::close_input() {
  if (input_ != -1) close(input_);
  input_ = -1;
}

void BackgroundBlip::fill_output() const {
  const std::string same_pipe = "/proc/self/fd/" + std::to_string(output_);
  const int end = open(same_pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  require(end != -1, "open of the pipe");
  const std::array<char, 4096> chunk = {};
  for (const std::size_t size : {chunk.size(), std::size_t{1}}) {
    while (write(end, chunk.data(), size) > 0) {
    }
  }
  close(end);
}

void BackgroundBlip::close_output() {
  if (output_ != -1) close(output_);
  output_ = -1;
}

std::string BackgroundBlip::read_line() {
  while (true) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> chunk;
    const ssize_t length = read(output_, chunk.data(), chunk.size());
    if (length <= 0) return std::exchange(buffer_, {});
    buffer_.append(chunk.data(), static_cast<std::size_t>(length));
  }
}

void BackgroundBlip::signal(int number) const {
  kill(pid_, number);
}

bool BackgroundBlip::takes(int number) const {
  const std::string file = "/proc/" + std::to_string(pid_) + "/status";
  for (int i = 0; i < 6000; ++i) {
    std::ifstream status(file);
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view kPending = "ShdPnd:";
      if (!line.starts_with(kPending)) continue;
      const auto pending = std::stoull(line.substr(kPending.size()), nullptr, 16);
      if ((pending >> (number - 1) & 1U) == 0) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool BackgroundBlip::wait_for_death(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

Outcome BackgroundBlip::wait() {
  std::string rest = std::exchange(buffer_, {});
  std::array<char, 4096> chunk;
  for (ssize_t n = 0; output_ != -1 && (n = read(output_, chunk.data(), chunk.size())) > 0;) {
    rest.append(chunk.data(), static_cast<std::size_t>(n));
  }
  Outcome run = finish(std::exchange(pid_, -1));
  run.out = rest;
  return run;
}

Outcome run_on_terminal(const std::vector<std::string>& arguments, bool stdout_too) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  require(terminal != -1 && grantpt(terminal) == 0 && unlockpt(terminal) == 0, "posix_openpt");
  const winsize size = {.ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(terminal, TIOCSWINSZ, &size);
  const int user_end = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  require(user_end != -1, "open of the terminal");
  const TemporaryFile output;
  const pid_t pid = start(arguments, [&] {
    dup2(stdout_too ? user_end : output.descriptor(), STDOUT_FILENO);
    dup2(user_end, STDERR_FILENO);
    setenv("TERM", "xterm", 1);
  });
  close(user_end);
  std::string shown;
  std::array<char, 4096> chunk;
  for (ssize_t n = 0; (n = read(terminal, chunk.data(), chunk.size())) > 0;) {
    shown.append(chunk.data(), static_cast<std::size_t>(n));
  }
  close(terminal);
  Outcome run = finish(pid);
  run.out = output.content();
  run.err = shown;
  return run;
}

}  // namespace blip::testing
