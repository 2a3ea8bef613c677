#include "app/records/writer_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "app/records/output_file.hpp"

namespace blip::app {

void lock_for_writing(int descriptor, const std::string& name) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw OutputError(name, "another program is writing to it");
  }
}

WriterLock::WriterLock(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe must not be waited for; whoever opens it for writing says what is wrong.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ == -1) return;
  try {
    lock_for_writing(descriptor_, path.string());
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

WriterLock::~WriterLock() {
  if (descriptor_ != -1) ::close(descriptor_);
}

}  // namespace blip::app
