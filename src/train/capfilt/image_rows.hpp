// ImageRows: the images of a data set, each with all texts that came with it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"

namespace blip::train {

/// A sample of a shard is an image; of a list, rows about the same picture are one if they follow
/// each other (COCO's five captions). Const members are safe to call from many threads.
class ImageRows {
 public:
  /// Throws what Dataset::open throws, and invalid_argument if there is no image. Goes through the
  /// texts of lists.
  static ImageRows open(std::span<const std::string> sources, const dataset::ImageRoots& roots);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// With the picture's bytes, or without them. Throws what Dataset does.
  [[nodiscard]] dataset::Sample read(std::size_t image) const;
  [[nodiscard]] dataset::Sample annotation(std::size_t image) const;

 private:
  [[nodiscard]] dataset::Sample with_all_texts(dataset::Sample sample, std::size_t image) const;
  [[nodiscard]] std::size_t first_row(std::size_t image) const;

  dataset::Dataset rows_;
  std::size_t size_ = 0;
  std::vector<std::size_t> first_rows_;  // of each image; empty where all have one row
};

/// Whether a source is a list, which names pictures instead of holding them.
bool is_annotation_list(const std::string& source);

}  // namespace blip::train
