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
#include "core/locked_files.hpp"

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
  refuse_locked_file(path);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor == -1) fail(path, errno);
  return descriptor;
}

// `expected`: bytes, as far as they are known. It is a hint only: a file may grow while it is read.
std::vector<std::byte> read_all(std::FILE* file, std::size_t expected, const std::string& name) {
  std::setvbuf(file, nullptr, _IONBF, 0);  // one read of everything needs no second buffer
  std::vector<std::byte> bytes(expected > kMaxFileBytes ? 0 : expected + 1);
  std::size_t used = 0;
  while (used <= kMaxFileBytes) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    if (used == bytes.size()) bytes.resize(used + kStep);
    const std::size_t got = std::fread(bytes.data() + used, 1, bytes.size() - used, file);
    used += got;
    if (got == 0) break;
  }
  if (std::ferror(file) != 0) fail(name, errno);
  if (used > kMaxFileBytes) throw Error(ErrorCode::limit_exceeded, name + ": larger than 1 GiB");
  bytes.resize(used);
  if (bytes.empty()) throw Error(ErrorCode::malformed, name + ": empty file");
  return bytes;
}

using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

// Takes over the descriptor.
FilePtr stream_of(int descriptor, const std::string& name) {
  FilePtr file(::fdopen(descriptor, "rb"));
  if (file == nullptr) {
    const int error = errno;
    ::close(descriptor);
    fail(name, error);
  }
  return file;
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const FilePtr file = stream_of(open_file(path), path.string());
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);  // a pipe has none
  return read_all(file.get(), error ? 0 : size, path.string());
}

std::vector<std::byte> read_standard_input() {
  const std::string name = "standard input";
  const int descriptor = ::dup(STDIN_FILENO);
  if (descriptor == -1) fail(name, errno);
  return read_all(stream_of(descriptor, name).get(), 0, name);
}

}  // namespace blip::image
