#include "dataset/shard_writer.hpp"

#include <span>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "dataset/annotation.hpp"
#include "dataset/shard.hpp"
#include "dataset/tar_header.hpp"

namespace blip::dataset {
namespace {

[[noreturn]] void fail(const Sample& sample, const char* problem) {
  throw Error(ErrorCode::invalid_argument, "sample " + in_quotes(sample.key) + ' ' + problem);
}

void check_key(const Sample& sample) {
  const std::size_t slash = sample.key.rfind('/');
  const std::string last = sample.key.substr(slash == std::string::npos ? 0 : slash + 1);
  if (last.empty()) fail(sample, "has an empty key");
  if (last.find('.') != std::string::npos) {
    fail(sample, "has a dot in its key, where WebDataset would end it");
  }
}

// "jpg" of "a/b.c.jpg".
std::string ending_of(const Sample& sample, const EncodedPicture& picture) {
  const std::size_t dot = picture.name.rfind('.');
  std::string ending = dot == std::string::npos ? "" : picture.name.substr(dot + 1);
  if (!is_picture_ending(ending)) fail(sample, "has a picture whose name has no picture's ending");
  return ending;
}

}  // namespace

std::filesystem::path shard_path(const std::filesystem::path& prefix, std::size_t number) {
  std::string digits = std::to_string(number);
  constexpr std::size_t kWidth = 6;
  if (digits.size() < kWidth) digits.insert(0, kWidth - digits.size(), '0');
  return prefix.string() + '-' + digits + ".tar";
}

ShardWriter::ShardWriter(std::filesystem::path prefix, const ShardLimits& limits, std::size_t first)
    : prefix_(std::move(prefix)), limits_(limits), first_(first) {}

void ShardWriter::begin_shard() {
  finish();
  tar_.emplace(shard_path(prefix_, first_ + shards_));
  samples_ = 0;
  ++shards_;
}

void ShardWriter::write(const Sample& sample) {
  write(sample, annotation_json(sample));
}

void ShardWriter::write(const Sample& sample, std::string_view annotation) {
  check_key(sample);
  if (sample.pictures.empty()) fail(sample, "has no picture");
  if (annotation.size() > kMaxAnnotationBytes) fail(sample, "has more than 1 MiB of texts");
  std::vector<std::string> names;
  // With the two blocks that end the archive. (A name of more than 100 bytes takes two more.)
  std::uint64_t bytes = 2 * kTarBlock + kTarBlock + tar_padded(annotation.size());
  for (const EncodedPicture& picture : sample.pictures) {
    const std::string ending = ending_of(sample, picture);
    const std::string number =
        sample.pictures.size() == 1 ? "" : std::to_string(names.size()) + '.';
    names.push_back(std::string(sample.key).append(".").append(number).append(ending));
    bytes += kTarBlock + tar_padded(picture.bytes.size());
  }
  if (!tar_ || samples_ == limits_.samples ||
      (samples_ > 0 && tar_->size() + bytes > limits_.bytes)) {
    begin_shard();
  }
  for (std::size_t i = 0; i < names.size(); ++i) tar_->add(names[i], sample.pictures[i].bytes);
  tar_->add(sample.key + ".json", std::as_bytes(std::span(annotation)));
  ++samples_;
}

void ShardWriter::finish() {
  if (!tar_) return;
  tar_->finish();
  tar_.reset();
}

}  // namespace blip::dataset
