#include "hub/partial_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "blip/error.hpp"

namespace blip::hub {

PartialFile::PartialFile(std::filesystem::path path) : path_(std::move(path)) {
  // O_NOFOLLOW: in a cache that several people share, a link may lead anywhere.
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) fail(errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail(EINVAL);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

PartialFile::~PartialFile() {
  ::close(descriptor_);
}

void PartialFile::fail(int error) const {
  throw Error(ErrorCode::unreadable,
              path_.string() + ": cannot be written: " + std::generic_category().message(error));
}

void PartialFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void PartialFile::clear() {
  if (::ftruncate(descriptor_, 0) != 0) fail(errno);
  size_ = 0;
}

void PartialFile::flush() {
  if (::fsync(descriptor_) != 0) fail(errno);
}

}  // namespace blip::hub
