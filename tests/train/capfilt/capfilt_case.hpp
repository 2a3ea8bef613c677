// A small data set, tiny random models, and `blip train capfilt` on them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "dataset/sample.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::testing {

struct CapfiltOutcome {
  cli::ExitCode exit_code = cli::ExitCode::ok;
  std::string out;
  std::string err;
};

class CapfiltCase {
 public:
  CapfiltCase();

  [[nodiscard]] std::string captioner() const { return path("captioner"); }
  static std::string filter();
  /// Runs the command with both models, unless `words` name others. Throws what it throws.
  CapfiltOutcome run(const std::vector<std::string>& words) const;

  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return directory_.path() / name;
  }
  /// `count` samples of a picture and two captions in a shard; its path.
  [[nodiscard]] std::string shard(const std::string& name, int count) const;
  [[nodiscard]] std::string shard_of(const std::string& name,
                                     const std::vector<dataset::Sample>& samples) const;
  static dataset::Sample sample(int number);

  /// The objects of decisions.jsonl in an output directory.
  [[nodiscard]] std::vector<nlohmann::json> decisions(const std::string& output) const;
  [[nodiscard]] std::string text(const std::string& file) const;
  /// All files of an output directory but the report, which names the run, by their names.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> files(
      const std::string& output) const;

 private:
  TemporaryDirectory directory_;
};

}  // namespace blip::testing
