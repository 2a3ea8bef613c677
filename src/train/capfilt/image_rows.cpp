#include "train/capfilt/image_rows.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {

bool is_annotation_list(const std::string& source) {
  return source.ends_with(".json") || source.ends_with(".jsonl");
}

ImageRows ImageRows::open(std::span<const std::string> sources, const dataset::ImageRoots& roots) {
  ImageRows images;
  images.rows_ = dataset::Dataset::open(sources, roots);
  images.size_ = images.rows_.size();
  if (images.size_ == 0) {
    throw Error(ErrorCode::invalid_argument,
                (sources.empty() ? "the data set" : sources.front()) + ": holds no samples");
  }
  if (std::none_of(sources.begin(), sources.end(), is_annotation_list)) return images;
  std::string last;
  for (std::size_t row = 0; row < images.rows_.size(); ++row) {
    std::string key = images.rows_.annotation(row).key;
    if (row == 0 || key != last) images.first_rows_.push_back(row);
    last = std::move(key);
  }
  images.size_ = images.first_rows_.size();
  return images;
}

std::size_t ImageRows::first_row(std::size_t image) const {
  if (first_rows_.empty()) return image;
  return image < first_rows_.size() ? first_rows_[image] : rows_.size();
}

dataset::Sample ImageRows::with_all_texts(dataset::Sample sample, std::size_t image) const {
  for (std::size_t row = first_row(image) + 1; row < first_row(image + 1); ++row) {
    dataset::Sample more = rows_.annotation(row);
    std::move(more.captions.begin(), more.captions.end(), std::back_inserter(sample.captions));
  }
  return sample;
}

dataset::Sample ImageRows::read(std::size_t image) const {
  return with_all_texts(rows_.read(first_row(image)), image);
}

dataset::Sample ImageRows::annotation(std::size_t image) const {
  return with_all_texts(rows_.annotation(first_row(image)), image);
}

}  // namespace blip::train
