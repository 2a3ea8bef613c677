#include "app/records/file_replacement.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <system_error>

#include "app/records/output_file.hpp"
#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  throw Error(ErrorCode::unreadable,
              "cannot be looked at: " + std::generic_category().message(errno));
}

// Access lists are among them. What the file system does not take stays behind.
void copy_attributes(const fs::path& from, int to) {
  const ssize_t size = ::listxattr(from.c_str(), nullptr, 0);
  if (size <= 0) return;
  std::string names(static_cast<std::size_t>(size), '\0');
  const ssize_t listed = ::listxattr(from.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < listed;) {
    const char* name = names.c_str() + at;
    std::string value(std::size_t{1} << 16, '\0');  // Linux's limit
    const ssize_t length = ::getxattr(from.c_str(), name, value.data(), value.size());
    if (length >= 0) {
      (void)::fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0);
    }
    at += static_cast<ssize_t>(std::string_view(name).size()) + 1;
  }
}

// Through the descriptor: nobody can put another file under it.
void take_over(const struct stat& status, const fs::path& from, const DurableFile& to) {
  // The owner first: changing it takes away the set-user bits.
  const int owned = ::fchown(to.descriptor(), status.st_uid, status.st_gid);
  if (owned != 0) (void)::fchown(to.descriptor(), static_cast<uid_t>(-1), status.st_gid);
  if (::fchmod(to.descriptor(), status.st_mode & 07777) != 0) throw WriteError(from, errno);
  copy_attributes(from, to.descriptor());
}

void copy_bytes(const fs::path& from, DurableFile& to) {
  const OpenFile file(from);
  std::vector<std::byte> piece(std::min(file.size(), std::size_t{1} << 20));
  for (std::size_t at = 0; at < file.size(); at += piece.size()) {
    piece.resize(std::min(piece.size(), file.size() - at));
    file.read_at(at, piece);
    to.write(std::span<const std::byte>(piece));
  }
}

bool ends_every_write(int error) {
  return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO;
}

std::string cannot_write(int error) {
  return "cannot be written: " + std::generic_category().message(error);
}

}  // namespace

bool copy_to_new_name(const fs::path& from, const fs::path& name) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(name, ignored))) return false;
  ReplacementFile copy(name, DurableFile::kForTheOwner);
  const auto status = status_of(from);
  if (status) take_over(*status, from, copy.file());
  copy_bytes(from, copy.file());
  return copy.put_at_free_name();
}

FileToReplace::FileToReplace(const fs::path& path) : path_(path), status_(status_of(path)) {
  std::error_code error;
  if (fs::is_symlink(path, error)) {
    fs::path target = fs::canonical(path, error);
    if (error) throw Error(ErrorCode::unreadable, "is a link that leads nowhere");
    path_ = std::move(target);
  }
  if (exists() && !S_ISREG(status_->st_mode)) {
    throw Error(ErrorCode::unreadable, "is no regular file");
  }
}

bool FileToReplace::is_unchanged() const {
  const auto now = status_of(path_);
  if (!now || !status_) return now.has_value() == status_.has_value();
  return now->st_dev == status_->st_dev && now->st_ino == status_->st_ino &&
         now->st_size == status_->st_size && now->st_mtim.tv_sec == status_->st_mtim.tv_sec &&
         now->st_mtim.tv_nsec == status_->st_mtim.tv_nsec;
}

void FileToReplace::keep_original() const {
  // The first has exiftool's name, the next ones numbers: no original is ever written over.
  constexpr int kMaxOriginals = 10'000;
  for (int number = 1; number <= kMaxOriginals; ++number) {
    fs::path name = path_;
    name += "_original" + (number > 1 ? "-" + std::to_string(number) : std::string());
    // A second name of the same bytes: there at once and whole.
    if (::link(path_.c_str(), name.c_str()) == 0) return;
    if (errno == EEXIST) continue;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) {
      throw WriteError(name, errno);
    }
    // No file system of Linux's own; on it no second name can be given.
    if (copy_to_new_name(path_, name)) return;
  }
  throw Error(ErrorCode::limit_exceeded, "has too many _original files");
}

void FileToReplace::replace(std::string_view bytes, const ReplacementOptions& options) const {
  try {
    // A private picture is not to be public for a moment.
    ReplacementFile file(path_, exists() ? DurableFile::kForTheOwner : DurableFile::kForEverybody);
    if (exists()) take_over(*status_, path_, file.file());
    file.file().write(bytes);
    if (exists() && options.preserve_times) {
      const std::array<timespec, 2> times = {status_->st_atim, status_->st_mtim};
      if (::futimens(file.file().descriptor(), times.data()) != 0) {
        throw WriteError(path_, errno);
      }
    }
    file.file().sync();
    if (!is_unchanged()) {
      throw Error(ErrorCode::unreadable, "was changed by somebody else meanwhile: nothing written");
    }
    if (exists() && options.backup) {
      keep_original();
      sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
    }
    file.put_in_place();
  } catch (const WriteError& error) {
    if (ends_every_write(error.error_number())) {
      throw OutputError(path_.string(), error.error_number());
    }
    throw Error(ErrorCode::unreadable, cannot_write(error.error_number()));
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::unreadable, cannot_write(error.code().value()));
  }
}

}  // namespace blip::app
