#include "train/run/run_log.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "train/run/log_reader.hpp"
#include "train/run/wall_clock.hpp"

namespace blip::train {

namespace {

// Opens RUN/log.jsonl without the lines that the run will write again.
DurableFile open_log(const std::filesystem::path& file, std::int64_t resumed_step) {
  if (file_exists(file)) {
    const std::string text = read_text_file(file, kMaxLogBytes);
    const std::string kept = lines_up_to(text, resumed_step, file.string());
    if (kept.size() != text.size()) replace_file(file, kept);
  }
  return DurableFile(file, DurableFile::Mode::append);
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& run, std::int64_t resumed_step)
    : file_(open_log(run / "log.jsonl", resumed_step)) {}

void RunLog::write(std::int64_t step, std::int64_t epoch, const StepValues& values) {
  nlohmann::ordered_json line = {{"step", step}, {"epoch", epoch}, {"time", seconds_since_1970()}};
  for (const auto& [name, value] : values) line[name] = value;
  file_.write(line.dump() + "\n");
}

}  // namespace blip::train
