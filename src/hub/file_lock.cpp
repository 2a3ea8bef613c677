#include "hub/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "blip/error.hpp"

namespace blip::hub {
namespace {

// As huggingface_hub makes it: whoever shares the cache's group may wait for it.
constexpr mode_t kMode = 0664;

constexpr std::chrono::milliseconds kPause{100};

int open_lock_file(const std::filesystem::path& file) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int descriptor = ::open(file.c_str(), kFlags | O_CREAT | O_EXCL, kMode);
  if (descriptor >= 0) {
    // What the umask took away; where that fails, others only cannot wait.
    static_cast<void>(!::fchmod(descriptor, kMode));
    return descriptor;
  }
  descriptor = ::open(file.c_str(), kFlags | O_CREAT, kMode);
  if (descriptor < 0) {
    throw Error(ErrorCode::unreadable,
                file.string() + ": cannot be opened: " + std::generic_category().message(errno));
  }
  return descriptor;
}

// Some versions of filelock remove the file on release; a lock on a removed file excludes nobody.
bool is_still_there(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file, const std::function<bool()>& keep_waiting) {
  try {
    while (true) {
      if (descriptor_ < 0) descriptor_ = open_lock_file(file);
      if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
        if (is_still_there(descriptor_)) {
          locked_ = true;
          return;
        }
        ::close(descriptor_);
        descriptor_ = -1;
        continue;
      }
      if (errno != EWOULDBLOCK && errno != EACCES && errno != EINTR) return;  // no locks here
      if (!keep_waiting()) {
        throw Error(ErrorCode::cancelled, file.string() + ": stopped waiting for another process");
      }
      std::this_thread::sleep_for(kPause);
    }
  } catch (...) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

FileLock::~FileLock() {
  ::close(descriptor_);  // which gives the lock back
}

}  // namespace blip::hub
