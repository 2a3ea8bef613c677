// EventFile: what TensorBoard shows of a run (`tensorboard --logdir RUN`).
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/durable_file.hpp"
#include "train/run/step_values.hpp"

namespace blip::train {

class EventFile {
 public:
  /// Begins a new file in `run`, as every start of a run does. After a resume TensorBoard forgets
  /// what older files have of later steps. Throws unreadable.
  EventFile(const std::filesystem::path& run, std::int64_t resumed_step);

  /// Throws unreadable: a full disk.
  void write(std::int64_t step, const StepValues& values);

 private:
  DurableFile file_;
};

}  // namespace blip::train
