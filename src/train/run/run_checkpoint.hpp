// Checkpoints of a run: directories that are whole or not there.
//
// RUN/checkpoint-00001000/   model.safetensors      parameters and buffers (queues, their pointers)
//                            optimizer.safetensors  AdamW's steps; exp_avg, exp_avg_sq by parameter
//                            random.safetensors     generators of every process
//                            state.json             where the run is, its configuration, numbers
//                            config.json, …         with them another training can start from it
// RUN/latest                 the name of the directory that was written last
//
// A checkpoint is written under a name that begins with a dot, put on the disk, then renamed.
// Whoever kills the run at any moment finds the one before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "train/run/named_tensors.hpp"

namespace blip::train {

/// Where a run is: everything before has been done, and nothing after.
struct RunPosition {
  std::int64_t step = 0;           ///< optimizer steps since the start
  std::int64_t epoch = 0;          ///< passes over the data that are complete
  std::int64_t step_in_epoch = 0;  ///< steps of the current pass
  bool operator==(const RunPosition&) const = default;
};

struct RunState {
  RunPosition position;
  NamedTensors model;
  NamedTensors optimizer;
  NamedTensors random;
  int processes = 1;
  std::string configuration;              ///< JSON text, as the run was started
  std::map<std::string, double> numbers;  ///< what else must outlive the run: the best score so far
  /// Files that make the checkpoint a model directory (config.json, vocab.txt, …), by name.
  std::map<std::string, std::string> description;
};

/// Writes RUN/checkpoint-STEP, points `latest` at it, and deletes older ones until `keep` are left
/// (0: keeps all). Those of later steps, which a run that was set back leaves behind, stay. Only
/// one process of a group may call it. Throws unreadable if anything cannot be written, saying
/// which checkpoint is still there; all earlier ones are as they were.
std::filesystem::path save_checkpoint(const std::filesystem::path& run, const RunState& state,
                                      int keep);

/// Writes other numbers into a checkpoint, whole or not at all. Throws what load_checkpoint and
/// save_checkpoint throw.
void replace_numbers(const std::filesystem::path& checkpoint,
                     const std::map<std::string, double>& numbers);

/// The checkpoint that `latest` names; without that, the one of the highest step; none in a new
/// run.
std::optional<std::filesystem::path> find_latest_checkpoint(const std::filesystem::path& run);

/// Where a run that is started on the directory `run` begins: at its latest checkpoint if `resume`,
/// else from nothing. Throws invalid_argument if there is a checkpoint and nobody asked to go on
/// with it: a run must not write over another one.
std::optional<std::filesystem::path> checkpoint_to_resume(const std::filesystem::path& run,
                                                          bool resume);

/// `path`: a checkpoint, or a run, whose latest is read; without its description. Throws not_found,
/// unreadable, malformed or unsupported (written by a later version), naming the file.
RunState load_checkpoint(const std::filesystem::path& path);

}  // namespace blip::train
