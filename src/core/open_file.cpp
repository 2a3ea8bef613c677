#include "core/open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "blip/error.hpp"
#include "core/lfs_pointer.hpp"
#include "core/locked_files.hpp"
#include "core/text_encoding.hpp"

namespace blip {
namespace {

[[noreturn]] void throw_system_error(const std::filesystem::path& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Error(
      missing ? ErrorCode::not_found : ErrorCode::unreadable,
      path.string() + ": " + (missing ? "no such file" : std::generic_category().message(error)));
}

void require_regular(const std::filesystem::path& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return;
  throw Error(ErrorCode::unreadable,
              path.string() + (S_ISDIR(status.st_mode) ? ": is a directory, not a file"
                                                       : ": is not a regular file"));
}

}  // namespace

OpenFile::OpenFile(const std::filesystem::path& path) : path_(path) {
  refuse_locked_file(path);
  // O_NONBLOCK: opening a pipe that nobody writes to must fail below, not wait.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw_system_error(path, errno);

  struct stat status {};
  const int error = ::fstat(descriptor_, &status) != 0 ? errno : 0;
  if (error != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    if (error != 0) throw_system_error(path, error);
    require_regular(path, status);
  }
  size_ = static_cast<std::size_t>(status.st_size);
}

OpenFile::~OpenFile() {
  ::close(descriptor_);
}

void OpenFile::read_at(std::uint64_t offset, std::span<std::byte> target) const {
  while (!target.empty()) {
    const ssize_t count =
        ::pread(descriptor_, target.data(), target.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(path_, errno);
    if (count == 0) {
      throw Error(ErrorCode::unreadable,
                  path_.string() + ": ends at byte " + std::to_string(offset) +
                      ", before what was to be read: did it change since it was opened?");
    }
    offset += static_cast<std::uint64_t>(count);
    target = target.subspan(static_cast<std::size_t>(count));
  }
}

void require_readable_file(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw_system_error(path, errno);
  require_regular(path, status);
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) throw_system_error(path, errno);
}

std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const OpenFile file(path);
  if (file.size() > max_bytes) {
    throw Error(ErrorCode::limit_exceeded, path.string() + ": " + std::to_string(file.size()) +
                                               " bytes, more than the " +
                                               std::to_string(max_bytes) + " allowed");
  }
  std::string text(file.size(), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.descriptor(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(path, errno);
    if (count == 0) break;  // it shrank since it was opened
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  refuse_lfs_pointer(text, path.string());
  drop_byte_order_mark(text, path.string());
  return text;
}

bool file_exists(const std::filesystem::path& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool is_plain_file(const std::filesystem::path& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace blip
