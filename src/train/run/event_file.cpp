#include "train/run/event_file.hpp"

#include <unistd.h>

#include <array>
#include <string>

#include "train/run/event_record.hpp"
#include "train/run/wall_clock.hpp"

namespace blip::train {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// TensorBoard takes every file with "tfevents" in its name and reads them in the order of names.
std::string file_name() {
  return "events.out.tfevents." + std::to_string(static_cast<long long>(seconds_since_1970())) +
         "." + host_name() + "." + std::to_string(::getpid());
}

}  // namespace

// Records are written in one piece each: a reader that follows the file finds whole ones.
EventFile::EventFile(const std::filesystem::path& run, std::int64_t resumed_step)
    : file_(run / file_name(), DurableFile::Mode::append) {
  file_.write(version_record(seconds_since_1970()));
  if (resumed_step > 0) file_.write(start_record(seconds_since_1970(), resumed_step + 1));
}

void EventFile::write(std::int64_t step, const StepValues& values) {
  file_.write(scalars_record(seconds_since_1970(), step, values));
}

}  // namespace blip::train
