#include "capfilt_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "dataset/shard_writer.hpp"
#include "tests/train/data/pictures.hpp"
#include "train/commands.hpp"

namespace blip::testing {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool names(const std::vector<std::string>& words, const std::string& option) {
  return std::find(words.begin(), words.end(), option) != words.end();
}

}  // namespace

// The answers' decoder of the model "vqa" sees states as wide as an image's: as a captioner it is
// as good as any random one.
CapfiltCase::CapfiltCase() {
  const std::string tasks = std::string(BLIP_SOURCE_DIR) + "/tests/tasks/data/";
  std::filesystem::copy(tasks + "vqa", captioner());
  std::string config = read_file(path("captioner") / "config.json");
  const std::string architecture = "BlipForQuestionAnswering";
  config.replace(config.find(architecture), architecture.size(), "BlipForConditionalGeneration");
  std::filesystem::permissions(path("captioner") / "config.json",
                               std::filesystem::perms::owner_all);
  std::ofstream(path("captioner") / "config.json") << config;
}

std::string CapfiltCase::filter() {
  return std::string(BLIP_SOURCE_DIR) + "/tests/tasks/data/itm";
}

CapfiltOutcome CapfiltCase::run(const std::vector<std::string>& words) const {
  std::vector<std::string> arguments = words;
  if (!names(words, "--captioner") && !names(words, "--filter")) {
    arguments.insert(arguments.end(), {"--captioner", captioner(), "--filter", filter()});
  }
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  CapfiltOutcome outcome;
  const auto collect = [&] {
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
  };
  try {
    outcome.exit_code = train::run_capfilt(arguments);
  } catch (...) {
    collect();
    throw;
  }
  collect();
  return outcome;
}

dataset::Sample CapfiltCase::sample(int number) {
  dataset::Sample sample;
  sample.key = "key" + std::to_string(number);
  sample.pictures = {{"a.bmp", train::bmp_of(30 + number % 5, 24, static_cast<unsigned>(number))}};
  sample.captions = {"A dog on the street.", "two red stop signs"};
  if (number % 2 == 1) sample.captions[1] = "a white gull in the blue sky, " + sample.key;
  return sample;
}

std::string CapfiltCase::shard_of(const std::string& name,
                                  const std::vector<dataset::Sample>& samples) const {
  dataset::ShardWriter writer(path(name));
  for (const dataset::Sample& each : samples) writer.write(each);
  writer.finish();
  return dataset::shard_path(path(name), 0).string();
}

std::string CapfiltCase::shard(const std::string& name, int count) const {
  std::vector<dataset::Sample> samples;
  for (int i = 0; i < count; ++i) samples.push_back(sample(i));
  return shard_of(name, samples);
}

std::vector<nlohmann::json> CapfiltCase::decisions(const std::string& output) const {
  std::istringstream stream(read_file(path(output) / "decisions.jsonl"));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string CapfiltCase::text(const std::string& file) const {
  return read_file(path(file));
}

std::vector<std::pair<std::string, std::string>> CapfiltCase::files(
    const std::string& output) const {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path(output))) {
    if (entry.is_regular_file()) {
      files.emplace_back(std::filesystem::relative(entry.path(), path(output)).string(),
                         read_file(entry.path()));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace blip::testing
