// ImageFolder: a directory of pictures for each class, as torchvision's ImageFolder reads it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "dataset/sample.hpp"

namespace blip::dataset {

/// ROOT/CLASS/…/PICTURE: the label of a picture is the name of the directory right below the root.
class ImageFolder {
 public:
  /// Lists the pictures (is_picture_ending), classes and files in byte order of their names. Hidden
  /// names are left out, and so is whatever is no regular file; links to directories below a class
  /// are not followed. Throws invalid_argument where there is no class, or one without a picture,
  /// unreadable for a directory that cannot be listed.
  explicit ImageFolder(std::filesystem::path root);

  [[nodiscard]] std::size_t size() const noexcept { return pictures_.size(); }
  /// A sample whose picture has a name and no bytes; its key is the path below the root.
  [[nodiscard]] Sample annotation(std::size_t index) const;
  /// Throws not_found, unreadable or limit_exceeded (over 1 GiB), naming the picture's file.
  [[nodiscard]] Sample read(std::size_t index) const;
  [[nodiscard]] std::string name() const { return root_.string(); }

 private:
  struct Picture {
    std::filesystem::path path;  // below the root
    std::size_t label = 0;       // in labels_
  };

  std::filesystem::path root_;
  std::vector<std::string> labels_;
  std::vector<Picture> pictures_;
};

}  // namespace blip::dataset
