#include "cli/input/folder_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "cli/input/image_folder.hpp"

namespace blip::cli {
namespace {

// A file counts when it is whole: IN_CREATE tells of folders, which are watched then, and of links.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
                                  IN_DELETE | IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

FolderWatch::FolderWatch(std::vector<std::filesystem::path> folders, bool recursive)
    : folders_(std::move(folders)),
      recursive_(recursive),
      descriptor_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw Error(ErrorCode::limit_exceeded, "the system allows no more watching of folders: " +
                                               std::generic_category().message(errno));
  }
}

FolderWatch::~FolderWatch() {
  ::close(descriptor_);
}

void FolderWatch::watch(const std::filesystem::path& folder) {
  // Once more for a folder that is watched changes nothing.
  if (::inotify_add_watch(descriptor_, folder.c_str(), kEvents) >= 0) return;
  if (errno == ENOSPC || errno == ENOMEM) {
    throw Error(ErrorCode::limit_exceeded,
                folder.string() +
                    ": the system allows no more watching of folders; see "
                    "fs.inotify.max_user_watches");
  }
  // One that is gone meanwhile, or may not be read, is told of when it is looked into.
}

void FolderWatch::refresh() {
  for (const std::filesystem::path& folder : folders_) {
    for (const std::filesystem::path& each : folders_below(folder, recursive_)) watch(each);
  }
}

bool FolderWatch::has_event(std::chrono::milliseconds limit) const {
  pollfd watched = {.fd = descriptor_, .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

bool FolderWatch::take_events() {
  // What they say is not asked: all is looked at again, also when the kernel has lost some.
  alignas(inotify_event) std::array<char, 16'384> buffer;
  bool any = false;
  while (::read(descriptor_, buffer.data(), buffer.size()) > 0) any = true;
  return any;
}

void FolderWatch::wait(std::chrono::milliseconds quiet, std::chrono::milliseconds most) {
  while (!has_event(std::chrono::milliseconds(-1)) || !take_events()) {
  }
  const auto end = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < end && has_event(quiet)) take_events();
}

}  // namespace blip::cli
