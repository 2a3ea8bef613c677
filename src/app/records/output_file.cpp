#include "app/records/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "app/records/writer_lock.hpp"

namespace blip::app {

OutputError::OutputError(const std::string& name, int error_number)
    : std::runtime_error(name + ": cannot write: " + std::generic_category().message(error_number)),
      reader_left_(error_number == EPIPE) {}

OutputError::OutputError(const std::string& name, const std::string& cause)
    : std::runtime_error(name + ": " + cause), reader_left_(false) {}

OutputFile::OutputFile(std::string name, int descriptor, bool owned, bool empty_first)
    : name_(std::move(name)), descriptor_(descriptor), owned_(owned), empty_first_(empty_first) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(other.owned_),
      empty_first_(other.empty_first_) {}

OutputFile::~OutputFile() {
  if (owned_ && descriptor_ != -1) ::close(descriptor_);
}

OutputFile OutputFile::standard_output() {
  return {"standard output", STDOUT_FILENO, false, false};
}

OutputFile OutputFile::open(const std::filesystem::path& path, bool append) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : 0);
  const int descriptor = ::open(path.c_str(), flags, 0666);
  if (descriptor == -1) throw OutputError(path.string(), errno);
  OutputFile file(path.string(), descriptor, true, !append);
  lock_for_writing(descriptor, path.string());
  return file;
}

void OutputFile::write(std::string_view text) {
  if (std::exchange(empty_first_, false)) {
    struct stat status = {};
    const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (regular && ::ftruncate(descriptor_, 0) != 0) throw OutputError(name_, errno);
  }
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor made it non-blocking; wait as a blocking write would.
      pollfd ready = {descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      throw OutputError(name_, errno);
    }
  }
}

void OutputFile::overwrite_start(std::string_view text) {
  for (off_t at = 0; !text.empty();) {
    const ssize_t written = ::pwrite(descriptor_, text.data(), text.size(), at);
    if (written < 0 && errno != EINTR) throw OutputError(name_, errno);
    if (written < 0) continue;
    at += written;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::close() {
  if (empty_first_) write("");
  if (!owned_ || descriptor_ == -1) return;
  if (::close(std::exchange(descriptor_, -1)) != 0) throw OutputError(name_, errno);
}

}  // namespace blip::app
