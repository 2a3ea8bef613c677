// Small data and configurations for runs of blip-train that take a second.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "train/run/training_config.hpp"

namespace blip::testing {

/// Writes DIRECTORY/data-000000.tar and vocab.txt: 12 samples of two pictures, each with captions
/// of one length, answered questions and statements.
void write_small_data(const std::filesystem::path& directory);

/// `blip-train TASK …` for a model of 16 wide towers on that data, in DIRECTORY/RUN; `settings` are
/// KEY=VALUE and win over those that make it small.
std::vector<std::string> small_run(train::Task task, const std::filesystem::path& directory,
                                   const std::string& run,
                                   const std::vector<std::string>& settings = {});

}  // namespace blip::testing
