#include "search/vector_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "blip/error.hpp"

namespace blip::search {
namespace {

// Floats of a vector, at most; LibraryIndex has the same limit.
constexpr std::uint32_t kMaxFileDims = 16'384;
constexpr std::uint64_t kPartAlignment = 64;

}  // namespace

VectorFileLayout layout_of(const VectorFileHeader& header) {
  // 4e9 rows of 16,384 floats are 2^48 bytes: nothing overflows.
  std::uint64_t end = sizeof(VectorFileHeader);
  const auto part = [&end](std::uint64_t bytes) {
    const std::uint64_t begin = (end + kPartAlignment - 1) / kPartAlignment * kPartAlignment;
    end = begin + bytes;
    return begin;
  };
  VectorFileLayout layout;
  const std::uint64_t vector_bytes = std::uint64_t{header.dims} * sizeof(float);
  layout.list_begins = part((std::uint64_t{header.lists} + 1) * sizeof(std::uint64_t));
  layout.centroids = part(header.lists * vector_bytes);
  layout.pictures = part(header.rows * sizeof(std::int64_t));
  layout.by_picture = part(header.rows * sizeof(std::uint32_t));
  layout.scales = part(header.rows * sizeof(CodeScale));
  layout.codes = part(header.rows * code_size(header.dims));
  layout.vectors = part(header.rows * vector_bytes);
  layout.size = end;
  return layout;
}

std::filesystem::path vector_file_path(const std::filesystem::path& index, std::int64_t model) {
  std::filesystem::path path = index;
  return path += "-vectors-" + std::to_string(model);
}

VectorFile::VectorFile(const std::filesystem::path& path) : mapping_(path, Reading::parts) {
  const auto damaged = [&path](const char* what) {
    throw Error(ErrorCode::malformed, path.string() + ": is no file of vectors: " + what);
  };
  const auto bytes = mapping_.bytes();
  if (bytes.size() < sizeof header_) damaged("it is too short");
  std::memcpy(&header_, bytes.data(), sizeof header_);
  if (header_.magic != kVectorFileMagic || header_.version != kVectorFileVersion ||
      header_.byte_order != kVectorFileByteOrder) {
    damaged("it begins with something else");
  }
  if (header_.rows == 0 || header_.rows > kMaxVectorRows || header_.dims == 0 ||
      header_.dims > kMaxFileDims || header_.lists == 0 || header_.lists > kMaxLists ||
      !std::isfinite(header_.longest) || header_.longest < 0.0F) {
    damaged("its sizes");
  }
  layout_ = layout_of(header_);
  if (bytes.size() != layout_.size) damaged("it has another length than it says");
  const auto begins = list_begins();
  if (begins.front() != 0 || begins.back() != header_.rows ||
      !std::is_sorted(begins.begin(), begins.end())) {
    damaged("its lists");
  }
}

std::span<const std::uint64_t> VectorFile::list_begins() const {
  return part<std::uint64_t>(layout_.list_begins, std::uint64_t{header_.lists} + 1);
}

std::span<const float> VectorFile::centroids() const {
  return part<float>(layout_.centroids, std::uint64_t{header_.lists} * header_.dims);
}

std::span<const std::int64_t> VectorFile::pictures() const {
  return part<std::int64_t>(layout_.pictures, header_.rows);
}

std::span<const CodeScale> VectorFile::scales() const {
  return part<CodeScale>(layout_.scales, header_.rows);
}

const std::int8_t* VectorFile::codes() const {
  return part<std::int8_t>(layout_.codes, 0).data();
}

std::span<const float> VectorFile::vector(std::size_t row) const {
  return part<float>(layout_.vectors + std::uint64_t{row} * header_.dims * sizeof(float),
                     header_.dims);
}

std::optional<std::size_t> VectorFile::row_of(std::int64_t picture) const {
  const auto rows = part<std::uint32_t>(layout_.by_picture, header_.rows);
  const auto pictures = this->pictures();
  const auto picture_of = [&](std::uint32_t row) {  // a row that there is not is behind all
    return row < pictures.size() ? pictures[row] : std::numeric_limits<std::int64_t>::max();
  };
  const auto found = std::partition_point(
      rows.begin(), rows.end(), [&](std::uint32_t row) { return picture_of(row) < picture; });
  if (found == rows.end() || *found >= pictures.size() || pictures[*found] != picture) {
    return std::nullopt;
  }
  return *found;
}

}  // namespace blip::search
