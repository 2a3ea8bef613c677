#include "dataset/annotation_list.hpp"

#include <utility>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "dataset/annotation.hpp"
#include "dataset/shard.hpp"

namespace blip::dataset {
namespace {

std::vector<std::byte> read_picture(const std::filesystem::path& path) {
  const OpenFile file(path);  // refuses pipes and devices, which would never end
  if (file.size() > kMaxPictureBytes) {
    throw Error(ErrorCode::limit_exceeded, path.string() + ": larger than 1 GiB");
  }
  std::vector<std::byte> bytes(file.size());
  file.read_at(0, bytes);
  return bytes;
}

}  // namespace

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
  for (EncodedPicture& picture : sample.pictures) picture.bytes = read_picture(root / picture.name);
  return sample;
}

}  // namespace blip::dataset
