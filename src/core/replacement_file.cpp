#include "core/replacement_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

namespace blip {
namespace {

namespace fs = std::filesystem;

// Short, because the name of the target may be as long as names can be.
constexpr std::string_view kHiddenPrefix = ".blip-partial-";

// Of this process alone. The number of a process is not: each container counts its own, and so does
// each machine of a network's file system.
const std::string& own_prefix() {
  static const std::string prefix = [] {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::random_device random;
    std::string name(kHiddenPrefix);
    for (int draw = 0; draw < 2; ++draw) {
      std::uint32_t bits = random();
      for (int digit = 0; digit < 8; ++digit, bits >>= 4U) name += kDigits[bits & 15U];
    }
    return name;
  }();
  return prefix;
}

// Calls action(path) for every entry of the directory whose name begins so.
template <typename Action>
void for_entries(const fs::path& directory, std::string_view prefix, const Action& action) {
  std::error_code error;
  fs::directory_iterator next(directory, error);
  while (!error && next != fs::directory_iterator()) {
    if (next->path().filename().native().starts_with(prefix)) action(next->path());
    next.increment(error);
  }
}

// A new file that is locked while it is written; none if somebody took it for an abandoned one
// before it was.
std::optional<DurableFile> try_new_file(const fs::path& hidden, const fs::path& target,
                                        fs::perms permissions) {
  DurableFile file(hidden, DurableFile::Mode::create_new, target, permissions);
  // Some file systems have no locks: then nobody can take it for an abandoned one either.
  (void)::flock(file.descriptor(), LOCK_EX);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) == 0 && status.st_nlink == 0) return std::nullopt;
  return file;
}

// A child of fork() counts from where its parent was, with the same name: then this one is taken.
DurableFile new_hidden_file(const fs::path& target, fs::perms permissions) {
  static std::atomic<std::uint64_t> number = 0;
  constexpr int kTries = 1000;
  for (int attempt = 1;; ++attempt) {
    const fs::path hidden =
        directory_of(target) / (own_prefix() + "-" + std::to_string(number.fetch_add(1)));
    try {
      if (auto file = try_new_file(hidden, target, permissions)) return std::move(*file);
    } catch (const WriteError& error) {
      if (error.error_number() != EEXIST || attempt >= kTries) throw;
    }
  }
}

}  // namespace

struct ReplacementFile::Place {
  fs::path target;
  bool is_hidden;

  explicit Place(const fs::path& named) : target(named), is_hidden(true) {
    struct stat status {};
    if (::stat(named.c_str(), &status) != 0) return;  // nothing there, or a link to nothing
    is_hidden = S_ISREG(status.st_mode);
    std::error_code error;
    if (!is_hidden || !fs::is_symlink(named, error)) return;
    fs::path led_to = fs::canonical(named, error);
    // /dev/stdout may lead to a file that has no name any more.
    is_hidden = !error;
    if (is_hidden) target = std::move(led_to);
  }
};

ReplacementFile::ReplacementFile(const fs::path& target, fs::perms permissions)
    : ReplacementFile(Place(target), permissions) {}

ReplacementFile::ReplacementFile(const Place& place, fs::perms permissions)
    : target_(place.target),
      is_hidden_(place.is_hidden),
      file_(place.is_hidden ? new_hidden_file(place.target, permissions)
                            : DurableFile(place.target, DurableFile::Mode::existing)) {}

ReplacementFile::~ReplacementFile() {
  std::error_code ignored;
  if (is_pending_ && is_hidden_) fs::remove(file_.path(), ignored);
}

ReplacementFile::ReplacementFile(ReplacementFile&& other) noexcept
    : target_(std::move(other.target_)),
      is_hidden_(other.is_hidden_),
      file_(std::move(other.file_)),
      is_pending_(std::exchange(other.is_pending_, false)) {}

void ReplacementFile::has_been_put() {
  is_pending_ = false;
  sync_directory(directory_of(target_));
}

// Not closed before it has its name: the lock goes with the descriptor.
void ReplacementFile::put_in_place() {
  file_.sync();
  if (!is_hidden_) return;
  if (::rename(file_.path().c_str(), target_.c_str()) != 0) throw WriteError(target_, errno);
  has_been_put();
}

bool ReplacementFile::put_at_free_name() {
  file_.sync();
  if (!is_hidden_) return false;
  const char* const hidden = file_.path().c_str();
  if (::renameat2(AT_FDCWD, hidden, AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
    const int error = errno;
    if (error == EEXIST) return false;
    // Some file systems cannot promise it.
    if (error != EINVAL) throw WriteError(target_, error);
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(target_, ignored))) return false;
    if (::rename(hidden, target_.c_str()) != 0) throw WriteError(target_, errno);
  }
  has_been_put();
  return true;
}

void replace_file(const fs::path& path, std::string_view text) {
  replace_file(path, [text](DurableFile& file) { file.write(text); });
}

void replace_file(const fs::path& path, const std::function<void(DurableFile&)>& write) {
  ReplacementFile replacement(path);
  write(replacement.file());
  replacement.put_in_place();
}

void remove_own_partial_files(const fs::path& directory) noexcept {
  for_entries(directory, own_prefix() + "-", [](const fs::path& file) {
    std::error_code ignored;
    fs::remove(file, ignored);
  });
}

void remove_abandoned_partial_files(const fs::path& directory) noexcept {
  for_entries(directory, kHiddenPrefix, [](const fs::path& file) {
    const int descriptor =
        ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat status {};
    std::error_code ignored;
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
      fs::remove(file, ignored);
    }
    ::close(descriptor);
  });
}

}  // namespace blip
