// What launchers say, and what they leave out.
#include "train/run/launch_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "blip/error.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

LaunchEnvironment read(const Variables& variables) {
  return read_launch_environment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string error_of(const Variables& variables) {
  try {
    read(variables);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LaunchEnvironment, IsOneProcessWithoutALauncher) {
  const LaunchEnvironment launch = read({});
  EXPECT_EQ(launch.size, 1);
  EXPECT_EQ(launch.rank, 0);
  // In a batch script that srun has not started, there is no step: one process.
  EXPECT_EQ(read({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}).size, 1);
}

TEST(LaunchEnvironment, IsTorchruns) {
  const LaunchEnvironment launch = read({{"RANK", "5"},
                                         {"WORLD_SIZE", "8"},
                                         {"LOCAL_RANK", "1"},
                                         {"MASTER_ADDR", "gpu01"},
                                         {"MASTER_PORT", "29500"},
                                         {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                         {"TORCHELASTIC_RESTART_COUNT", "2"},
                                         {"SLURM_STEP_NUM_TASKS", "99"}});
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.master_address, "gpu01");
  EXPECT_EQ(launch.master_port, 29500 + 10007);
  EXPECT_EQ(launch.attempt, "2");
}

TEST(LaunchEnvironment, LeavesMasterPortToAnAgentThatListensThere) {
  const auto port = [](const std::string& given, const std::string& agent) {
    return read({{"RANK", "0"},
                 {"WORLD_SIZE", "2"},
                 {"MASTER_ADDR", "a"},
                 {"MASTER_PORT", given},
                 {"TORCHELASTIC_USE_AGENT_STORE", agent}})
        .master_port;
  };
  EXPECT_EQ(port("29500", "False"), 29500);
  EXPECT_EQ(port("65000", "True"), 65000 + 10007 - 65536 + 1024);
}

TEST(LaunchEnvironment, IsSlurmsOtherwise) {
  const auto with_nodes = [](const std::string& nodes) {
    return read({{"SLURM_STEP_NUM_TASKS", "4"},
                 {"SLURM_PROCID", "3"},
                 {"SLURM_LOCALID", "1"},
                 {"SLURM_STEP_NODELIST", nodes},
                 {"SLURM_JOB_ID", "31234"}});
  };
  const LaunchEnvironment launch = with_nodes("gpu[03-07,11],login");
  EXPECT_EQ(launch.rank, 3);
  EXPECT_EQ(launch.size, 4);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.master_address, "gpu03");
  EXPECT_EQ(launch.master_port, 15000 + 1234);
  EXPECT_EQ(with_nodes("a1,b[2-3]").master_address, "a1");
  EXPECT_EQ(with_nodes("n[9]").master_address, "n9");
  EXPECT_EQ(with_nodes("alone").master_address, "alone");
  EXPECT_THAT(error_of({{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "3"}}),
              HasSubstr("MASTER_ADDR is not set"));
}

TEST(LaunchEnvironment, SaysWhichVariableIsWrong) {
  EXPECT_EQ(error_of({{"WORLD_SIZE", "two"}}),
            "environment variable WORLD_SIZE: must be a whole number of 1 to 1048576, not \"two\"");
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}}), HasSubstr("RANK is not set"));
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}, {"RANK", "2"}}), HasSubstr("RANK: must be"));
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}, {"RANK", "1"}}), HasSubstr("MASTER_ADDR"));
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}, {"RANK", "1"}, {"MASTER_ADDR", "a"}}),
              HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(
      error_of(
          {{"WORLD_SIZE", "2"}, {"RANK", "1"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "65536"}}),
      HasSubstr("MASTER_PORT: must be"));
}

}  // namespace
}  // namespace blip::train
