// RunLog: log.jsonl of a run, one JSON object per logged step.
//
//   {"step":50,"epoch":0,"time":1790000000.125,"learning_rate":5.98e-06,"loss":21.2,"contrastive":…}
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/durable_file.hpp"
#include "train/run/step_values.hpp"

namespace blip::train {

class RunLog {
 public:
  /// Opens RUN/log.jsonl for appending. Lines of steps after `resumed_step`, which the run will
  /// take again, are dropped, and so is a last line that was not finished. Throws unreadable, or
  /// malformed if the file is no such log.
  RunLog(const std::filesystem::path& run, std::int64_t resumed_step);

  /// Appends a line at once, so that it survives the end of the process. Values that are not finite
  /// are written as null. Throws unreadable: a full disk.
  void write(std::int64_t step, std::int64_t epoch, const StepValues& values);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }

 private:
  DurableFile file_;
};

}  // namespace blip::train
