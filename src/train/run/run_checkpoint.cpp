#include "train/run/run_checkpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <vector>

#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kPartialPrefix = ".partial-checkpoint-";
constexpr const char* kLatest = "latest";
constexpr const char* kModel = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kRandom = "random.safetensors";
constexpr const char* kState = "state.json";
// A configuration is some kilobytes; this leaves room for long lists of data files.
constexpr std::size_t kMaxStateBytes = std::size_t{16} << 20;

constexpr const char* kFormat = "blip.cpp training checkpoint";
// Counts the changes of the format that an older program cannot read.
constexpr int kCheckpointVersion = 1;

// checkpoint-00001000: eight digits sort by name as by number up to a hundred million steps.
std::string checkpoint_name(std::int64_t step) {
  std::string digits = std::to_string(step);
  digits.insert(0, 8 - std::min<std::size_t>(digits.size(), 8), '0');
  return std::string(kPrefix) + digits;
}

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc{} || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

std::vector<std::string> entries(const std::filesystem::path& run) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator next(run, error);
  while (!error && next != std::filesystem::directory_iterator()) {
    names.push_back(next->path().filename().string());
    next.increment(error);
  }
  return names;
}

// Sorted.
std::vector<std::int64_t> saved_steps(const std::filesystem::path& run) {
  std::vector<std::int64_t> steps;
  for (const std::string& name : entries(run)) {
    if (const auto step = step_of(name)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

// What a process that was killed was writing or deleting.
void remove_partial(const std::filesystem::path& run) {
  std::error_code ignored;
  for (const std::string& name : entries(run)) {
    if (name.starts_with(kPartialPrefix)) std::filesystem::remove_all(run / name, ignored);
  }
}

// Under another name first: a process killed half-way must not leave half of it under its own.
void remove_checkpoint(const std::filesystem::path& run, std::int64_t step) {
  // append: at operator+ GCC 12 warns of an overflow that is not there.
  const std::filesystem::path going =
      run / std::string(kPartialPrefix).append("going-").append(std::to_string(step));
  std::error_code error;
  std::filesystem::rename(run / checkpoint_name(step), going, error);
  if (!error) std::filesystem::remove_all(going, error);
}

void remove_older(const std::filesystem::path& run, std::int64_t newest, int keep) {
  if (keep <= 0) return;
  std::vector<std::int64_t> steps = saved_steps(run);
  std::erase_if(steps, [newest](std::int64_t step) { return step > newest; });
  const auto surplus = static_cast<std::int64_t>(steps.size()) - keep;
  for (std::int64_t i = 0; i < surplus; ++i) remove_checkpoint(run, steps[static_cast<size_t>(i)]);
}

// state.json: everything of a RunState that is no tensor.
std::string run_state_as_json(const RunState& state) {
  nlohmann::ordered_json document;
  document["format"] = kFormat;
  document["version"] = kCheckpointVersion;
  document["step"] = state.position.step;
  document["epoch"] = state.position.epoch;
  document["step_in_epoch"] = state.position.step_in_epoch;
  document["processes"] = state.processes;
  document["numbers"] = state.numbers;
  document["configuration"] = state.configuration;
  return document.dump(2) + "\n";
}

std::int64_t required_count(const nlohmann::json& document, const char* key,
                            const std::string& name) {
  const auto found = document.find(key);
  // Unsigned for nlohmann is what has no sign in the text; what exceeds int64 stays too large.
  if (found == document.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorCode::malformed, name + ": " + key + " must be a whole number of 0 or more");
  }
  return found->get<std::int64_t>();
}

// `name` stands for the file in messages.
RunState parse_run_state(const std::string& text, const std::string& name) {
  const nlohmann::json document = parse_json_object(text, name);
  const JsonFields fields(document, name);
  if (fields.string("format") != kFormat) {
    throw Error(ErrorCode::malformed, name + ": not a checkpoint of a training run");
  }
  const std::int64_t version = required_count(document, "version", name);
  if (version != kCheckpointVersion) {
    throw Error(ErrorCode::unsupported, name + ": format version " + std::to_string(version) +
                                            ", but this program reads version " +
                                            std::to_string(kCheckpointVersion));
  }
  RunState state;
  state.position = {required_count(document, "step", name), required_count(document, "epoch", name),
                    required_count(document, "step_in_epoch", name)};
  constexpr int kMaxProcesses = 1 << 20;
  state.processes = fields.integer("processes", {1, kMaxProcesses}).value_or(1);
  state.configuration = fields.string("configuration").value_or("");
  if (const std::optional<JsonFields> numbers = fields.object("numbers")) {
    for (const auto& [key, value] : document["numbers"].items()) {
      if (!value.is_number()) {
        throw Error(ErrorCode::malformed, name + ": numbers: " + in_quotes(key) +
                                              " must be a number, not " + describe(value));
      }
      state.numbers.emplace(key, value.get<double>());
    }
  }
  return state;
}

void write_whole(const std::filesystem::path& directory, const RunState& state) {
  write_tensor_file(directory / kModel, state.model);
  write_tensor_file(directory / kOptimizer, state.optimizer);
  write_tensor_file(directory / kRandom, state.random);
  const auto write_text = [&](const std::string& name, const std::string& text) {
    DurableFile file(directory / name);
    file.write(text);
    file.close();
  };
  for (const auto& [name, text] : state.description) write_text(name, text);
  write_text(kState, run_state_as_json(state));
  sync_directory(directory);
}

// Without tensors.
RunState read_state(const std::filesystem::path& checkpoint) {
  const std::filesystem::path file = checkpoint / kState;
  return parse_run_state(read_text_file(file, kMaxStateBytes), file.string());
}

std::string what_is_left(const std::filesystem::path& run) {
  const auto last = find_latest_checkpoint(run);
  return last ? "; " + last->filename().string() + " is untouched"
              : "; there is no earlier checkpoint";
}

}  // namespace

std::filesystem::path save_checkpoint(const std::filesystem::path& run, const RunState& state,
                                      int keep) {
  const std::string name = checkpoint_name(state.position.step);
  const std::filesystem::path target = run / name;
  const std::filesystem::path partial =
      run / (std::string(kPartialPrefix) + name.substr(kPrefix.size()) + "-" +
             std::to_string(::getpid()));
  std::error_code error;
  try {
    std::filesystem::create_directories(run, error);
    if (error) throw WriteError(run, error.value());
    remove_partial(run);
    std::filesystem::create_directory(partial, error);
    if (error) throw WriteError(partial, error.value());
    write_whole(partial, state);
    replace_directory(partial, target);
    replace_file(run / kLatest, name + "\n");
  } catch (const Error& failure) {
    std::filesystem::remove_all(partial, error);
    throw Error(failure.code(), "checkpoint of step " + std::to_string(state.position.step) +
                                    " not saved: " + failure.what() + what_is_left(run));
  }
  remove_older(run, state.position.step, keep);
  return target;
}

void replace_numbers(const std::filesystem::path& checkpoint,
                     const std::map<std::string, double>& numbers) {
  RunState state = read_state(checkpoint);
  state.numbers = numbers;
  replace_file(checkpoint / kState, run_state_as_json(state));
}

std::optional<std::filesystem::path> find_latest_checkpoint(const std::filesystem::path& run) {
  if (file_exists(run / kLatest)) {
    constexpr std::size_t kMaxNameBytes = 255;
    std::string name = read_text_file(run / kLatest, kMaxNameBytes);
    name.erase(std::min(name.find('\n'), name.size()));
    // Only a name of a checkpoint in here, whatever the file says.
    if (step_of(name) && file_exists(run / name)) return run / name;
  }
  const std::vector<std::int64_t> steps = saved_steps(run);
  if (steps.empty()) return std::nullopt;
  return run / checkpoint_name(steps.back());
}

std::optional<std::filesystem::path> checkpoint_to_resume(const std::filesystem::path& run,
                                                          bool resume) {
  const auto latest = find_latest_checkpoint(run);
  if (latest && !resume) {
    throw Error(ErrorCode::invalid_argument,
                run.string() + ": has " + latest->filename().string() +
                    " already; --resume goes on with it, another run.directory starts anew");
  }
  return latest;
}

RunState load_checkpoint(const std::filesystem::path& path) {
  std::filesystem::path directory = path;
  if (!file_exists(path / kState)) {
    const auto latest = find_latest_checkpoint(path);
    if (!latest) {
      throw Error(ErrorCode::not_found,
                  path.string() + ": neither a training checkpoint nor a run that has one");
    }
    directory = *latest;
  }
  RunState state = read_state(directory);
  state.model = read_tensor_file(directory / kModel);
  state.optimizer = read_tensor_file(directory / kOptimizer);
  state.random = read_tensor_file(directory / kRandom);
  return state;
}

}  // namespace blip::train
