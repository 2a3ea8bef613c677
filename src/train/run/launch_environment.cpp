#include "train/run/launch_environment.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

// The variable as a number of least to most; none if it is not set.
std::optional<int> number(const EnvironmentLookup& variable, const char* name, int least,
                          int most) {
  const char* text = variable(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string_view digits(text);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < least ||
      value > most) {
    fail(std::string("environment variable ") + name + ": must be a whole number of " +
         std::to_string(least) + " to " + std::to_string(most) + ", not " + in_quotes(digits));
  }
  return value;
}

std::string text(const EnvironmentLookup& variable, const char* name) {
  const char* value = variable(name);
  return value == nullptr ? "" : value;
}

constexpr int kMaxProcesses = 1 << 20;
constexpr int kMaxPort = 65535;

// "gpu[03-07,11],login" → "gpu03"
std::string first_host(const std::string& nodes) {
  const std::size_t bracket = nodes.find('[');
  const std::size_t comma = nodes.find(',');
  if (bracket == std::string::npos || comma < bracket) return nodes.substr(0, comma);
  const std::size_t number_end = nodes.find_first_of(",-]", bracket);
  if (number_end == std::string::npos) return {};
  return nodes.substr(0, bracket) + nodes.substr(bracket + 1, number_end - bracket - 1);
}

// torchrun's agent, which runs on the machine of rank 0, listens at MASTER_PORT and speaks the
// protocol of its own version of PyTorch, which need not be that of the libtorch in here. So the
// processes meet at a port of their own: far enough away that jobs with neighbouring ports do not
// collide.
std::uint16_t port_beside(std::uint16_t port) {
  constexpr int kDistance = 10007;
  constexpr int kFirstFree = 1024;  // below, ports are the system's
  const int there = port + kDistance;
  return static_cast<std::uint16_t>(there <= kMaxPort ? there : there - kMaxPort - 1 + kFirstFree);
}

LaunchEnvironment from_torchrun(const EnvironmentLookup& variable, int size) {
  LaunchEnvironment launch;
  launch.size = size;
  const auto rank = number(variable, "RANK", 0, size - 1);
  if (!rank) {
    fail("WORLD_SIZE is " + std::to_string(size) + " but RANK is not set: start with torchrun");
  }
  launch.rank = *rank;
  launch.local_rank = number(variable, "LOCAL_RANK", 0, kMaxProcesses).value_or(0);
  launch.master_address = text(variable, "MASTER_ADDR");
  launch.master_port =
      static_cast<std::uint16_t>(number(variable, "MASTER_PORT", 1, kMaxPort).value_or(0));
  if (text(variable, "TORCHELASTIC_USE_AGENT_STORE") == "True" && launch.master_port != 0) {
    launch.master_port = port_beside(launch.master_port);
  }
  if (const auto attempt =
          number(variable, "TORCHELASTIC_RESTART_COUNT", 0, std::numeric_limits<int>::max())) {
    launch.attempt = std::to_string(*attempt);
  }
  return launch;
}

LaunchEnvironment from_slurm(const EnvironmentLookup& variable, int size) {
  LaunchEnvironment launch;
  launch.size = size;
  const auto rank = number(variable, "SLURM_PROCID", 0, size - 1);
  if (!rank) fail("SLURM_STEP_NUM_TASKS is set but SLURM_PROCID is not: start with srun");
  launch.rank = *rank;
  launch.local_rank = number(variable, "SLURM_LOCALID", 0, kMaxProcesses).value_or(0);
  launch.master_address = text(variable, "MASTER_ADDR");
  if (launch.master_address.empty()) {
    launch.master_address = first_host(text(variable, "SLURM_STEP_NODELIST"));
  }
  // Jobs that share a machine need ports of their own; 15000 of them from 15000 on are below those
  // that Linux hands out to clients (32768).
  constexpr int kFirstPort = 15000;
  const int job = number(variable, "SLURM_JOB_ID", 0, std::numeric_limits<int>::max()).value_or(0);
  launch.master_port = static_cast<std::uint16_t>(
      number(variable, "MASTER_PORT", 1, kMaxPort).value_or(kFirstPort + job % kFirstPort));
  return launch;
}

}  // namespace

LaunchEnvironment read_launch_environment(const EnvironmentLookup& variable) {
  LaunchEnvironment launch;
  if (const auto size = number(variable, "WORLD_SIZE", 1, kMaxProcesses)) {
    launch = from_torchrun(variable, *size);
  } else if (const auto tasks = number(variable, "SLURM_STEP_NUM_TASKS", 1, kMaxProcesses)) {
    launch = from_slurm(variable, *tasks);
  }
  if (launch.size > 1 && launch.master_address.empty()) {
    fail("MASTER_ADDR is not set: " + std::to_string(launch.size) +
         " processes do not know where to meet");
  }
  if (launch.size > 1 && launch.master_port == 0) {
    fail("MASTER_PORT is not set: " + std::to_string(launch.size) +
         " processes do not know where to meet");
  }
  return launch;
}

LaunchEnvironment read_launch_environment() {
  return read_launch_environment([](const char* name) { return std::getenv(name); });
}

}  // namespace blip::train
