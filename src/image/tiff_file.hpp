// A TIFF file in memory, opened by libtiff.
#pragma once

#include <tiffio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace blip::image {

/// A whole tile is allocated; one with more pixels than any picture's comes of a header that means
/// harm.
bool is_sane_tile(std::uint64_t width, std::uint64_t height) noexcept;

/// Its messages are discarded.
class TiffFile {
 public:
  /// Reads from `bytes`, which must outlive the object.
  explicit TiffFile(std::span<const std::byte> bytes);

  /// Null if libtiff cannot make sense of the file.
  [[nodiscard]] TIFF* get() const noexcept { return tiff_.get(); }

 private:
  struct Reader;
  struct DeleteReader {
    void operator()(Reader* reader) const;
  };
  struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  };

  std::unique_ptr<Reader, DeleteReader> reader_;
  std::unique_ptr<TIFF, Close> tiff_;
};

}  // namespace blip::image
