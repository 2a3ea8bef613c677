// ShardWriter: samples into WebDataset shards, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "dataset/sample.hpp"
#include "dataset/tar_writer.hpp"

namespace blip::dataset {

struct ShardLimits {
  /// A shard ends before it would go beyond either; img2dataset's number, WebDataset's 1 GB or so.
  std::size_t samples = 10'000;
  std::uint64_t bytes = std::uint64_t{1} << 30;
};

/// PREFIX-NNNNNN.tar.
std::filesystem::path shard_path(const std::filesystem::path& prefix, std::size_t number);

/// Writes PREFIX-000000.tar, PREFIX-000001.tar, …: the same samples give the same bytes.
class ShardWriter {
 public:
  /// `prefix`: directory and the beginning of the name, "out/train". `first`: the first number.
  explicit ShardWriter(std::filesystem::path prefix, const ShardLimits& limits = {},
                       std::size_t first = 0);

  /// Writes KEY.jpg (the picture's own ending; KEY.0.jpg and so on for several) and KEY.json, which
  /// Shard reads back. Throws invalid_argument for a key that is empty or has a dot in its last
  /// part, a sample without pictures, a picture whose name has no picture's ending, or an
  /// annotation of more than kMaxAnnotationBytes; what TarWriter throws. Keys must differ, which is
  /// not checked here.
  void write(const Sample& sample);
  /// The same with this JSON object instead of annotation_json(sample): for more fields.
  void write(const Sample& sample, std::string_view annotation);
  /// Ends the last shard. Without it, that one does not come into being.
  void finish();
  /// Shards begun so far.
  [[nodiscard]] std::size_t shards() const noexcept { return shards_; }

 private:
  void begin_shard();

  std::filesystem::path prefix_;
  ShardLimits limits_;
  std::size_t first_;
  std::optional<TarWriter> tar_;
  std::size_t samples_ = 0;  // in the current shard
  std::size_t shards_ = 0;
};

}  // namespace blip::dataset
