// Starts the programs that these tests run in other processes: toy_training, mostly.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/core/temporary_directory.hpp"

namespace blip::testing {

struct WorkerOutcome {
  int exit_code = -1;  ///< 128 + the signal if one killed it; -1: it had to be killed
  std::string output;  ///< standard output and error
};

/// A running program.
class Worker {
 public:
  explicit Worker(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment = {},
                  const std::string& program = BLIP_TOY_TRAINING);
  ~Worker();
  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&&) = delete;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void signal(int number) const;
  /// What it has printed so far.
  [[nodiscard]] std::string output() const;
  /// Until it prints `text`; false after `limit`.
  [[nodiscard]] bool wait_for(const std::string& text, std::chrono::milliseconds limit) const;
  /// Waits for its end and kills it after `limit`.
  WorkerOutcome wait(std::chrono::milliseconds limit = std::chrono::seconds(120));

 private:
  pid_t pid_ = -1;
  std::unique_ptr<TemporaryDirectory> output_;
};

/// As many workers as ranks, told of each other as torchrun does it.
std::vector<Worker> start_ranks(int size, const std::vector<std::string>& arguments);

/// A port of this machine that nobody listens on.
int free_port();

using blip::TemporaryDirectory;

}  // namespace blip::testing
