#include "train/run/durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {

void throw_write_error(const std::filesystem::path& path, int error_number) {
  throw Error(ErrorCode::unreadable, path.string() + ": cannot be written: " +
                                         std::generic_category().message(error_number));
}

DurableFile::DurableFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_write_error(path_, errno);
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DurableFile::write(std::string_view bytes) const {
  // The largest piece Linux writes at once is 2 GiB less a page.
  constexpr std::size_t kMaxPiece = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kMaxPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_write_error(path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void DurableFile::close() {
  if (::fsync(descriptor_) != 0) throw_write_error(path_, errno);
  // Network file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) throw_write_error(path_, errno);
}

void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_write_error(directory, errno);
  // Some file systems cannot sync a directory and say EINVAL; there is nothing better to do there.
  const int error = ::fsync(descriptor) != 0 && errno != EINVAL ? errno : 0;
  ::close(descriptor);
  if (error != 0) throw_write_error(directory, error);
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  replace_file(path, [text](const std::filesystem::path& partial) {
    DurableFile file(partial);
    file.write(text);
    file.close();
  });
}

void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& write) {
  std::filesystem::path partial = path.parent_path() / ".partial-";
  partial += path.filename();
  try {
    write(partial);
    if (::rename(partial.c_str(), path.c_str()) != 0) throw_write_error(path, errno);
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
  sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

void replace_directory(const std::filesystem::path& directory,
                       const std::filesystem::path& target) {
  // A directory with something in it cannot be renamed over, so the two change places. Where the
  // file system has no such thing, the old one goes first.
  const bool exchanged =
      ::renameat2(AT_FDCWD, directory.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0;
  std::error_code ignored;
  if (exchanged) {
    std::filesystem::remove_all(directory, ignored);
  } else {
    std::filesystem::remove_all(target, ignored);
    if (::rename(directory.c_str(), target.c_str()) != 0) throw_write_error(target, errno);
  }
  sync_directory(target.parent_path());
}

}  // namespace blip::train
