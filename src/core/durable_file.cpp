#include "core/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace blip {
namespace {

int flags_of(DurableFile::Mode mode) {
  constexpr int kAlways = O_WRONLY | O_CREAT | O_CLOEXEC;
  switch (mode) {
    case DurableFile::Mode::replace:
      break;
    case DurableFile::Mode::append:
      return kAlways | O_APPEND;
    case DurableFile::Mode::append_without_links:
      return kAlways | O_APPEND | O_NOFOLLOW;
    case DurableFile::Mode::create_new:
      return kAlways | O_EXCL | O_NOFOLLOW;
    case DurableFile::Mode::existing:
      return O_WRONLY | O_CLOEXEC;
  }
  return kAlways | O_TRUNC;
}

}  // namespace

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

WriteError::WriteError(std::filesystem::path path, int error_number)
    : Error(ErrorCode::unreadable, path.string() + ": cannot be written: " +
                                       std::generic_category().message(error_number)),
      path_(std::move(path)),
      error_number_(error_number) {}

DurableFile::DurableFile(std::filesystem::path path, Mode mode) : DurableFile(path, mode, path) {}

DurableFile::DurableFile(std::filesystem::path path, Mode mode, std::filesystem::path named,
                         std::filesystem::perms permissions)
    : path_(std::move(path)), named_(std::move(named)) {
  descriptor_ = ::open(path_.c_str(), flags_of(mode), static_cast<mode_t>(permissions));
  if (descriptor_ < 0) fail(errno);
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) != 0 ? errno : 0;
  const bool is_refused = mode == Mode::append_without_links && !S_ISREG(status.st_mode);
  if (error != 0 || is_refused) {
    ::close(descriptor_);
    fail(error != 0 ? error : EINVAL);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)),
      named_(std::move(other.named_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

void DurableFile::fail(int error_number) const {
  throw WriteError(named_, error_number);
}

void DurableFile::write(std::string_view bytes) {
  // Linux writes at most 2 GiB less a page at once, other systems refuse more than 2 GiB.
  constexpr std::size_t kMaxPiece = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kMaxPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void DurableFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void DurableFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  constexpr std::size_t kMaxPiece = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), std::min(bytes.size(), kMaxPiece),
                                     static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
    size_ = std::max(size_, offset);
  }
}

void DurableFile::clear() {
  if (::ftruncate(descriptor_, 0) != 0) fail(errno);
  size_ = 0;
}

void DurableFile::sync() {
  if (descriptor_ < 0) return;
  // EINVAL: a pipe, or a device that keeps nothing.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail(errno);
}

void DurableFile::close() {
  if (descriptor_ < 0) return;
  sync();
  // Network file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
}

void replace_directory(const std::filesystem::path& directory,
                       const std::filesystem::path& target) {
  // A directory with something in it cannot be renamed over, so the two change places. Where the
  // file system has no such thing, the old one goes first.
  const bool is_exchanged =
      ::renameat2(AT_FDCWD, directory.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0;
  std::error_code ignored;
  if (is_exchanged) {
    std::filesystem::remove_all(directory, ignored);
  } else {
    std::filesystem::remove_all(target, ignored);
    if (::rename(directory.c_str(), target.c_str()) != 0) throw WriteError(target, errno);
  }
  sync_directory(directory_of(target));
}

void make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored)) {
    throw WriteError(directory, error ? error.value() : ENOTDIR);
  }
}

void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A directory that may be written but not read cannot be opened, and so not be synced.
  if (descriptor < 0 && errno == EACCES) return;
  if (descriptor < 0) throw WriteError(directory, errno);
  // Some file systems cannot sync a directory and say EINVAL; there is nothing better to do there.
  const int error = ::fsync(descriptor) != 0 && errno != EINVAL ? errno : 0;
  ::close(descriptor);
  if (error != 0) throw WriteError(directory, error);
}

}  // namespace blip
