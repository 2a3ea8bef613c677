#include "dataset/image_folder.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "core/file_ending.hpp"
#include "dataset/picture_file.hpp"
#include "dataset/shard.hpp"

namespace blip::dataset {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) {
  return path.filename().native().starts_with('.');
}

Error cannot_list(const fs::path& directory, const std::string& reason) {
  return {ErrorCode::unreadable, directory.string() + ": cannot be listed: " + reason};
}

// In byte order of their names.
std::vector<fs::path> directories_in(const fs::path& root) {
  std::vector<fs::path> directories;
  std::error_code error;
  fs::directory_iterator entry(root, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (!is_hidden(entry->path()) && entry->is_directory(ignored)) {
      directories.push_back(entry->path());
    }
  }
  if (error) throw cannot_list(root, error.message());
  std::sort(directories.begin(), directories.end());
  return directories;
}

// In byte order of their paths.
std::vector<fs::path> pictures_below(const fs::path& directory) {
  std::vector<fs::path> pictures;
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (is_picture_ending(file_ending(entry->path())) && entry->is_regular_file(ignored)) {
      pictures.push_back(entry->path());
    }
  }
  if (error) throw cannot_list(directory, error.message());
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

}  // namespace

ImageFolder::ImageFolder(fs::path root) : root_(std::move(root)) {
  for (const fs::path& directory : directories_in(root_)) {
    const std::vector<fs::path> pictures = pictures_below(directory);
    if (pictures.empty()) {
      throw Error(ErrorCode::invalid_argument, directory.string() + ": a class without a picture");
    }
    for (const fs::path& picture : pictures) {
      pictures_.push_back({picture.lexically_relative(root_), labels_.size()});
    }
    labels_.push_back(directory.filename().string());
  }
  if (labels_.empty()) {
    throw Error(ErrorCode::invalid_argument,
                root_.string() + ": a folder of a data set has a folder for each class");
  }
}

Sample ImageFolder::annotation(std::size_t index) const {
  const Picture& picture = pictures_.at(index);
  Sample sample;
  sample.key = picture.path.string();
  sample.label = labels_[picture.label];
  sample.pictures.push_back({sample.key, {}});
  return sample;
}

Sample ImageFolder::read(std::size_t index) const {
  Sample sample = annotation(index);
  sample.pictures.front().bytes = read_picture_file(root_ / sample.key);
  return sample;
}

}  // namespace blip::dataset
