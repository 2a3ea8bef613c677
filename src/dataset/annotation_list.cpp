#include "dataset/annotation_list.hpp"

#include <utility>

#include "dataset/annotation.hpp"
#include "dataset/picture_file.hpp"

namespace blip::dataset {

AnnotationList::AnnotationList(const std::filesystem::path& path, ImageRoots roots)
    : AnnotationList(open_source(path), std::move(roots)) {}

AnnotationList::AnnotationList(ByteSource source, ImageRoots roots)
    : source_(std::move(source)), roots_(std::move(roots)), rows_(index_json_rows(source_)) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (annotation(i).pictures.empty()) {
      throw_at(source_, rows_[i].offset, R"(the sample names no "image" and no "images")");
    }
  }
}

Sample AnnotationList::annotation(std::size_t index) const {
  const JsonRow& row = rows_.at(index);
  Sample sample = parse_annotation(read_text(source_, row.offset, row.size),
                                   source_.name + ": sample at byte " + std::to_string(row.offset));
  if (!sample.pictures.empty()) sample.key = sample.pictures.front().name;
  if (sample.image_id.empty()) sample.image_id = sample.key;
  return sample;
}

Sample AnnotationList::read(std::size_t index) const {
  Sample sample = annotation(index);
  const auto own_root = roots_.by_source.find(sample.source);
  const std::filesystem::path& root =
      own_root == roots_.by_source.end() ? roots_.root : own_root->second;
  for (EncodedPicture& picture : sample.pictures)
    picture.bytes = read_picture_file(root / picture.name);
  return sample;
}

}  // namespace blip::dataset
