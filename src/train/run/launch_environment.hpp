// What a launcher (torchrun, Slurm's srun) tells a process about the others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace blip::train {

struct LaunchEnvironment {
  int rank = 0;        ///< of this process among all
  int size = 1;        ///< how many there are
  int local_rank = 0;  ///< among those of this machine: which GPU it takes
  std::string master_address;
  std::uint16_t master_port = 0;  ///< where the process of rank 0 listens
  /// Counts torchrun's restarts: the processes of an earlier attempt left their keys behind.
  std::string attempt = "0";
};

/// The value of an environment variable, or null.
using EnvironmentLookup = std::function<const char*(const char* name)>;

/// RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, as torchrun sets them
/// (https://docs.pytorch.org/docs/stable/elastic/run.html; where its agent listens at MASTER_PORT
/// itself, another port is made of that one); without them SLURM_PROCID,
/// SLURM_STEP_NUM_TASKS and SLURM_LOCALID of a step that srun started, the first host of
/// SLURM_STEP_NODELIST and a port made of SLURM_JOB_ID; without those one process alone. Throws
/// invalid_argument, naming the variable.
LaunchEnvironment read_launch_environment(const EnvironmentLookup& variable);
/// Of this process.
LaunchEnvironment read_launch_environment();

}  // namespace blip::train
