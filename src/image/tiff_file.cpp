#include "image/tiff_file.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

namespace blip::image {
namespace {

// libtiff would print.
int discard(TIFF* /*tiff*/, void* /*data*/, const char* /*module*/, const char* /*format*/,
            va_list /*values*/) {
  constexpr int kIsDone = 1;
  return kIsDone;
}

}  // namespace

bool is_sane_tile(std::uint64_t width, std::uint64_t height) noexcept {
  constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 26;
  return width > 0 && height > 0 && width <= kMaxPixels / height;
}

struct TiffFile::Reader {
  std::span<const std::byte> bytes;
  std::size_t at = 0;

  static tmsize_t read(thandle_t handle, void* target, tmsize_t count) {
    auto& self = *static_cast<Reader*>(handle);
    const std::size_t left = self.bytes.size() - std::min(self.at, self.bytes.size());
    const std::size_t taken =
        std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(count, 0)));
    if (taken > 0) std::memcpy(target, self.bytes.data() + self.at, taken);
    self.at += taken;
    return static_cast<tmsize_t>(taken);
  }
  static tmsize_t write(thandle_t /*handle*/, void* /*source*/, tmsize_t /*count*/) { return -1; }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    auto& self = *static_cast<Reader*>(handle);
    const std::size_t from = whence == SEEK_SET   ? 0
                             : whence == SEEK_CUR ? self.at
                                                  : self.bytes.size();
    self.at = from + static_cast<std::size_t>(offset);
    return self.at;
  }
  static int close(thandle_t /*handle*/) { return 0; }
  static toff_t size(thandle_t handle) { return static_cast<Reader*>(handle)->bytes.size(); }
  static int map(thandle_t /*handle*/, void** /*start*/, toff_t* /*count*/) { return 0; }
  static void unmap(thandle_t /*handle*/, void* /*start*/, toff_t /*count*/) {}
};

void TiffFile::DeleteReader::operator()(Reader* reader) const {
  delete reader;
}

TiffFile::TiffFile(std::span<const std::byte> bytes) : reader_(new Reader{bytes}) {
  struct Free {
    void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
  };
  const std::unique_ptr<TIFFOpenOptions, Free> options(TIFFOpenOptionsAlloc());
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), discard, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), discard, nullptr);
  tiff_.reset(TIFFClientOpenExt("image", "r", reader_.get(), Reader::read, Reader::write,
                                Reader::seek, Reader::close, Reader::size, Reader::map,
                                Reader::unmap, options.get()));
}

}  // namespace blip::image
