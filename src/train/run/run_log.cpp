#include "train/run/run_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/open_file.hpp"
#include "train/run/durable_file.hpp"
#include "train/run/log_reader.hpp"
#include "train/run/wall_clock.hpp"

namespace blip::train {

RunLog::RunLog(const std::filesystem::path& run, std::int64_t resumed_step)
    : path_(run / "log.jsonl") {
  if (file_exists(path_)) {
    const std::string text = read_text_file(path_, kMaxLogBytes);
    const std::string kept = lines_up_to(text, resumed_step, path_.string());
    if (kept.size() != text.size()) replace_file(path_, kept);
  }
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_write_error(path_, errno);
}

RunLog::~RunLog() {
  ::close(descriptor_);
}

void RunLog::write(std::int64_t step, std::int64_t epoch, const StepValues& values) const {
  nlohmann::ordered_json line = {{"step", step}, {"epoch", epoch}, {"time", seconds_since_1970()}};
  for (const auto& [name, value] : values) line[name] = value;
  const std::string text = line.dump() + "\n";
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) throw_write_error(path_, errno);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace blip::train
