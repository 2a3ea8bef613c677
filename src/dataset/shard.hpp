// Shard: a tar archive of samples as WebDataset lays them out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/byte_source.hpp"
#include "dataset/sample.hpp"

namespace blip::dataset {

/// The largest encoded picture that is read; blip::Image's own limit.
inline constexpr std::size_t kMaxPictureBytes = std::size_t{1} << 30;

/// Members of the same stem (the path up to the first dot of the file's name) make a sample:
///   STEM.jpg, or another picture's ending; several pictures as STEM.0.jpg and STEM.1.jpg, in the
///   order in which they lie in the archive
///   STEM.json  what annotation.hpp reads
///   STEM.txt   a caption, which counts where the JSON has none (img2dataset writes both)
///   STEM.cls   the name or the number of a class, which counts where the JSON has no label
/// Other members are passed over, and so are stems without a picture.
class Shard {
 public:
  /// Reads the headers. Throws what index_tar throws, malformed also for a member that is there
  /// twice. The file is opened anew for each read, so that thousands of shards need no descriptors.
  explicit Shard(std::filesystem::path path);
  /// Of bytes that are already open.
  explicit Shard(ByteSource source);

  [[nodiscard]] std::size_t size() const noexcept { return samples_.size(); }
  /// A sample whose pictures have names and no bytes; its key is the stem.
  Sample annotation(std::size_t index) const;
  Sample read(std::size_t index) const;
  [[nodiscard]] std::string name() const { return path_.empty() ? source_.name : path_.string(); }

 private:
  struct Member {
    std::string ending;  // of a picture: what follows the stem
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  struct Entry {
    std::string stem;
    std::vector<Member> pictures;
    Member json;  // size 0: none
    Member text;
    Member label;
  };

  void index();
  [[nodiscard]] ByteSource source() const;
  [[nodiscard]] Sample describe(const ByteSource& source, const Entry& entry) const;

  std::filesystem::path path_;
  ByteSource source_;  // where path_ is empty
  std::uint64_t file_size_ = 0;
  std::vector<Entry> samples_;
};

/// True for the endings of files that blip::Image reads ("jpg", "PNG", …).
bool is_picture_ending(std::string_view ending);

}  // namespace blip::dataset
