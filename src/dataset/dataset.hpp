// Dataset: samples of any number of shards, annotation lists and folders, by number.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "dataset/annotation_list.hpp"
#include "dataset/image_folder.hpp"
#include "dataset/sample.hpp"
#include "dataset/shard.hpp"

namespace blip::dataset {

/// Holds where things are, not the things: every call reads the files. Const members are safe to
/// call from many threads.
class Dataset {
 public:
  /// `sources`: paths of shards (*.tar) and of annotation lists (*.json, *.jsonl), whose pictures
  /// lie below `roots`; braces stand for several ("train-{000000..000003}.tar"); directories with
  /// one directory for each class. Their samples follow one another in this order. Throws
  /// invalid_argument for another ending, and what Shard, AnnotationList and ImageFolder throw.
  static Dataset open(std::span<const std::string> sources, const ImageRoots& roots = {});

  [[nodiscard]] std::size_t size() const noexcept { return ends_.empty() ? 0 : ends_.back(); }
  /// The texts of sample `index` < size(), without the bytes of its pictures.
  Sample annotation(std::size_t index) const;
  Sample read(std::size_t index) const;
  /// The file that sample `index` is in, for messages.
  [[nodiscard]] std::string file_of(std::size_t index) const;

 private:
  using Part = std::variant<Shard, AnnotationList, ImageFolder>;
  struct Place {
    const Part& part;
    std::size_t index;  // in that part
  };
  [[nodiscard]] Place find(std::size_t index) const;

  std::vector<Part> parts_;
  std::vector<std::size_t> ends_;  // of each part: the number of samples up to its end
};

}  // namespace blip::dataset
