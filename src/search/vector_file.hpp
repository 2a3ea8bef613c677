// VectorFile: the vectors of one model of an index, in a file beside it that is mapped, not read.
// SQLite has them all; this has those up to some generation, ordered for searching.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/file_mapping.hpp"
#include "search/vector_codes.hpp"

namespace blip::search {

/// A file of more rows is refused: row numbers are of 32 bits.
inline constexpr std::uint64_t kMaxVectorRows = 4'000'000'000;
inline constexpr std::uint32_t kMaxLists = 65'536;

/// What the file begins with. Numbers are as the machine has them; another machine's file has
/// another `byte_order` and is made anew.
struct VectorFileHeader {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t byte_order = 0;
  std::array<char, 32> library{};  ///< LibraryIndex::library_id
  std::int64_t model = 0;
  std::int64_t generation = 0;  ///< of the model, whose changes up to this one are in the file
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
  std::uint32_t lists = 0;
  float longest = 0.0F;          ///< length of the longest vector
  std::array<char, 32> stamp{};  ///< LibraryIndex::new_stamp; the index names the one it belongs to
  std::array<char, 12> unused{};
};
static_assert(sizeof(VectorFileHeader) == 128);

inline constexpr std::array<char, 8> kVectorFileMagic = {'b', 'l', 'i', 'p', 'v', 'e', 'c', 's'};
inline constexpr std::uint32_t kVectorFileVersion = 1;
inline constexpr std::uint32_t kVectorFileByteOrder = 0x01020304;

/// Where the parts of a file are, in bytes. Each begins at a multiple of 64.
struct VectorFileLayout {
  std::uint64_t list_begins = 0;  ///< uint64 [lists + 1]: the first row of each list
  std::uint64_t centroids = 0;    ///< float [lists, dims]
  std::uint64_t pictures = 0;     ///< int64 [rows]: whose vector it is
  std::uint64_t by_picture = 0;   ///< uint32 [rows]: the rows in order of their pictures
  std::uint64_t scales = 0;       ///< CodeScale [rows]
  std::uint64_t codes = 0;        ///< int8 [rows, code_size(dims)]
  std::uint64_t vectors = 0;      ///< float [rows, dims]
  std::uint64_t size = 0;         ///< of the file
};

/// `header`: rows, dims and lists within their limits.
VectorFileLayout layout_of(const VectorFileHeader& header);

/// Which file has the vectors of this model: "library.db-vectors-1".
std::filesystem::path vector_file_path(const std::filesystem::path& index, std::int64_t model);

/// Immutable. The file is replaced by renaming, so what is mapped stays. Its numbers are as hostile
/// as the index is: what would lead out of the file is refused, wrong ones make wrong results.
class VectorFile {
 public:
  /// Throws Error: not_found, unreadable, or malformed, naming the file.
  explicit VectorFile(const std::filesystem::path& path);

  [[nodiscard]] const VectorFileHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::size_t rows() const noexcept { return header_.rows; }
  [[nodiscard]] std::size_t dims() const noexcept { return header_.dims; }
  [[nodiscard]] std::size_t lists() const noexcept { return header_.lists; }

  [[nodiscard]] std::span<const std::uint64_t> list_begins() const;
  [[nodiscard]] std::span<const float> centroids() const;
  [[nodiscard]] std::span<const std::int64_t> pictures() const;
  [[nodiscard]] std::span<const CodeScale> scales() const;
  [[nodiscard]] const std::int8_t* codes() const;
  [[nodiscard]] std::span<const float> vector(std::size_t row) const;

  /// The row of a picture's vector.
  [[nodiscard]] std::optional<std::size_t> row_of(std::int64_t picture) const;

 private:
  template <typename T>
  [[nodiscard]] std::span<const T> part(std::uint64_t offset, std::uint64_t count) const {
    return {reinterpret_cast<const T*>(mapping_.bytes().data() + offset),
            static_cast<std::size_t>(count)};
  }

  FileMapping mapping_;
  VectorFileHeader header_;
  VectorFileLayout layout_;
};

}  // namespace blip::search
