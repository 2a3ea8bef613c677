#include "cli/input/image_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/file_ending.hpp"

namespace blip::cli {
namespace {

namespace fs = std::filesystem;

// The formats that Image::open reads (image/formats.hpp), by the endings in use for them.
constexpr std::array<std::string_view, 13> kEndings = {"avif", "bmp",  "gif",  "heic", "heif",
                                                       "jfif", "jpe",  "jpeg", "jpg",  "png",
                                                       "tif",  "tiff", "webp"};

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

// What is wrong with an entry that looks like an image; empty if nothing. A pipe would be waited
// for, perhaps for ever: who means one names it.
std::string entry_error(const fs::directory_entry& entry) {
  std::error_code ignored;  // one that cannot be examined fails when it is opened
  switch (entry.status(ignored).type()) {
    case fs::file_type::fifo:
      return "is a pipe, not a file";
    case fs::file_type::socket:
      return "is a socket, not a file";
    case fs::file_type::block:
    case fs::file_type::character:
      return "is a device, not a file";
    default:
      return {};
  }
}

// A folder, whatever names lead to it.
using FolderId = std::pair<dev_t, ino_t>;

class FolderWalk {
 public:
  explicit FolderWalk(bool recursive) : recursive_(recursive) {}

  std::vector<fs::path> folders_below(const fs::path& folder) && {
    static_cast<void>(std::move(*this).images_below(folder));
    return std::move(entered_);
  }

  std::vector<Input> images_below(const fs::path& folder) && {
    enter(folder);
    // Links come last, so that a folder has the name without a link in it, if there is one.
    const bool has_links = !links_.empty();
    while (!links_.empty()) {
      const fs::path link = std::move(links_.front());
      links_.pop_front();
      enter(link);
    }
    // The order is that of a walk, which compares the names of a path one by one.
    if (has_links) {
      std::stable_sort(found_.begin(), found_.end(), [](const Input& left, const Input& right) {
        return left.path.compare(right.path) < 0;
      });
    }
    return std::move(found_);
  }

 private:
  // Each folder once, so that a link to one above ends the walk there.
  void enter(const fs::path& folder) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) == 0 &&
        !seen_.insert(FolderId{status.st_dev, status.st_ino}).second) {
      return;
    }
    entered_.push_back(folder);
    collect(folder);
  }

  // Sorting one folder at a time, files and subfolders together, gives the same order on every
  // machine, whatever order the file system lists them in.
  void collect(const fs::path& folder) {
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    fs::directory_iterator next(folder, error);
    while (!error && next != fs::directory_iterator()) {
      if (!is_hidden(next->path())) entries.push_back(*next);
      next.increment(error);
    }
    if (error) {
      found_.push_back({.path = folder, .error = "cannot list this folder: " + error.message()});
      return;
    }
    std::sort(entries.begin(), entries.end(), [](const auto& left, const auto& right) {
      return left.path().native() < right.path().native();
    });
    for (const fs::directory_entry& entry : entries) take(entry);
  }

  void take(const fs::directory_entry& entry) {
    std::error_code ignored;  // an entry that cannot be examined fails when it is opened
    if (!entry.is_directory(ignored)) {
      if (has_image_ending(entry.path())) {
        found_.push_back({.path = entry.path(), .error = entry_error(entry)});
      }
    } else if (recursive_ && entry.is_symlink(ignored)) {
      links_.push_back(entry.path());
    } else if (recursive_) {
      enter(entry.path());
    }
  }

  bool recursive_;
  std::vector<Input> found_;
  std::vector<fs::path> entered_;
  std::deque<fs::path> links_;  // to folders, not followed yet
  std::set<FolderId> seen_;
};

}  // namespace

bool has_image_ending(const fs::path& path) {
  return std::find(kEndings.begin(), kEndings.end(), file_ending(path)) != kEndings.end();
}

std::string image_endings() {
  return fmt::format("{}", fmt::join(kEndings, ", "));
}

std::vector<Input> images_in_folder(const fs::path& folder, bool recursive) {
  std::vector<Input> found = FolderWalk(recursive).images_below(folder);
  if (found.empty()) {
    found.push_back({.path = folder,
                     .error = recursive ? "no images in this folder or below"
                                        : "no images in this folder (--recursive looks deeper)"});
  }
  return found;
}

std::vector<fs::path> folders_below(const fs::path& folder, bool recursive) {
  return FolderWalk(recursive).folders_below(folder);
}

}  // namespace blip::cli
