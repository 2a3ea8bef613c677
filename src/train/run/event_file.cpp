#include "train/run/event_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "train/run/durable_file.hpp"
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

EventFile::EventFile(const std::filesystem::path& run, std::int64_t resumed_step)
    : path_(run / file_name()) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_write_error(path_, errno);
  append(version_record(seconds_since_1970()));
  if (resumed_step > 0) append(start_record(seconds_since_1970(), resumed_step + 1));
}

EventFile::~EventFile() {
  ::close(descriptor_);
}

void EventFile::write(std::int64_t step, const StepValues& values) const {
  append(scalars_record(seconds_since_1970(), step, values));
}

void EventFile::append(const std::string& record) const {
  // In one piece: a reader that follows the file finds whole records.
  const ssize_t written = ::write(descriptor_, record.data(), record.size());
  if (written != static_cast<ssize_t>(record.size())) {
    throw_write_error(path_, written < 0 ? errno : ENOSPC);
  }
}

}  // namespace blip::train
