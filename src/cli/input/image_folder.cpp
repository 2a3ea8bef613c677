#include "cli/input/image_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>

namespace blip::cli {
namespace {

namespace fs = std::filesystem;

// The formats that Image::open reads (image/formats.hpp), by the endings in use for them.
constexpr std::array<std::string_view, 13> kEndings = {"avif", "bmp",  "gif",  "heic", "heif",
                                                       "jfif", "jpe",  "jpeg", "jpg",  "png",
                                                       "tif",  "tiff", "webp"};

bool is_image_name(const fs::path& path) {
  std::string ending = path.extension().string();
  if (ending.empty()) return false;
  ending.erase(0, 1);
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

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

// Appends the images below `folder`. Sorting one folder at a time, files and subfolders together,
// gives the same order on every machine, whatever order the file system lists them in.
void collect(const fs::path& folder, bool recursive, std::vector<Input>& found) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  fs::directory_iterator next(folder, error);
  while (!error && next != fs::directory_iterator()) {
    if (!is_hidden(next->path())) entries.push_back(*next);
    next.increment(error);
  }
  if (error) {
    found.push_back({.path = folder, .error = "cannot list this folder: " + error.message()});
    return;
  }
  std::sort(entries.begin(), entries.end(), [](const auto& left, const auto& right) {
    return left.path().native() < right.path().native();
  });
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;  // an entry that cannot be examined fails when it is opened
    if (entry.is_directory(ignored)) {
      if (recursive && !entry.is_symlink(ignored)) collect(entry.path(), recursive, found);
    } else if (is_image_name(entry.path())) {
      found.push_back({.path = entry.path(), .error = entry_error(entry)});
    }
  }
}

}  // namespace

std::string image_endings() {
  return fmt::format("{}", fmt::join(kEndings, ", "));
}

std::vector<Input> images_in_folder(const fs::path& folder, bool recursive) {
  std::vector<Input> found;
  collect(folder, recursive, found);
  if (found.empty()) {
    found.push_back({.path = folder,
                     .error = recursive ? "no images in this folder or below"
                                        : "no images in this folder (--recursive looks deeper)"});
  }
  return found;
}

}  // namespace blip::cli
