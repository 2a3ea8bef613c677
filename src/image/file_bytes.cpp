#include "image/file_bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "blip/error.hpp"

namespace blip::image {
namespace {

// No camera writes a larger picture; the limit keeps disc images and endless pipes out of memory.
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Error(
      missing ? ErrorCode::not_found : ErrorCode::unreadable,
      path.string() + ": " + (missing ? "no such file" : std::generic_category().message(error)));
}

// Throws unless it is a regular file or a pipe.
void check_type(const std::filesystem::path& path, mode_t mode) {
  if (S_ISREG(mode) || S_ISFIFO(mode)) return;
  const char* type = S_ISDIR(mode)    ? "is a directory"
                     : S_ISSOCK(mode) ? "is a socket, not a file"
                                      : "is a device, not a file";
  throw Error(ErrorCode::unreadable, path.string() + ": " + type);
}

// Devices are not even opened, which may do something to them or wait.
int open_file(const std::filesystem::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) fail(path, errno);
  check_type(path, status.st_mode);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor == -1) fail(path, errno);
  return descriptor;
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const int descriptor = open_file(path);
  const std::unique_ptr<std::FILE, CloseFile> file(::fdopen(descriptor, "rb"));
  if (file == nullptr) {
    const int error = errno;
    ::close(descriptor);
    fail(path, error);
  }
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // one read of everything needs no second buffer

  // The size is a hint only: a pipe has none and a file may grow while it is read.
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::vector<std::byte> bytes(error || size > kMaxFileBytes ? 0 : size + 1);
  std::size_t used = 0;
  while (used <= kMaxFileBytes) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    if (used == bytes.size()) bytes.resize(used + kStep);
    const std::size_t got = std::fread(bytes.data() + used, 1, bytes.size() - used, file.get());
    used += got;
    if (got == 0) break;
  }
  if (std::ferror(file.get()) != 0) fail(path, errno);
  if (used > kMaxFileBytes) {
    throw Error(ErrorCode::limit_exceeded, path.string() + ": larger than 1 GiB");
  }
  bytes.resize(used);
  if (bytes.empty()) throw Error(ErrorCode::malformed, path.string() + ": empty file");
  return bytes;
}

}  // namespace blip::image
