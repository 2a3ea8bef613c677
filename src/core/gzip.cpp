#include "core/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "blip/error.hpp"

namespace blip {
namespace {

// zlib's state, ended whatever happens.
class Inflater {
 public:
  // `window_bits` says which wrapping there is, as zlib has it.
  Inflater(std::string_view bytes, int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
    // zlib reads through it only, whatever the type says.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Fills `out` as far as there is something: → how many bytes. `status` is zlib's.
  std::size_t read(std::string& out, std::size_t at, int& status) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream_.avail_out = static_cast<uInt>(out.size() - at);
    status = inflate(&stream_, Z_NO_FLUSH);
    return out.size() - at - stream_.avail_out;
  }
  [[nodiscard]] bool has_more_input() const { return stream_.avail_in != 0; }

 private:
  z_stream stream_{};
};

std::string unpack(std::string_view bytes, std::size_t max_bytes, const std::string& name,
                   int window_bits, const std::string& what) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    throw Error(ErrorCode::limit_exceeded, name + ": too large to be unpacked");
  }
  Inflater inflater(bytes, window_bits);
  std::string out;
  std::size_t size = 0;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (size > max_bytes) {
      throw Error(ErrorCode::limit_exceeded,
                  name + ": unpacks to more than " + std::to_string(max_bytes) + " bytes");
    }
    out.resize(std::max(out.size(), size + kPiece));
    size += inflater.read(out, size, status);
    if (status != Z_OK && status != Z_STREAM_END) {
      throw Error(ErrorCode::malformed, name + ": truncated or damaged " + what);
    }
  }
  if (size > max_bytes) {
    throw Error(ErrorCode::limit_exceeded,
                name + ": unpacks to more than " + std::to_string(max_bytes) + " bytes");
  }
  if (inflater.has_more_input()) {
    throw Error(ErrorCode::malformed, name + ": bytes after the end of the " + what);
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string unpack_gzip(std::string_view bytes, std::size_t max_bytes, const std::string& name) {
  constexpr int kGzipOnly = 16;
  return unpack(bytes, max_bytes, name, MAX_WBITS + kGzipOnly, "gzip file");
}

std::string unpack_deflate(std::string_view bytes, std::size_t max_bytes, const std::string& name) {
  // zlib's header: the method is 8, and the two bytes are a multiple of 31.
  const auto byte = [&](std::size_t i) { return unsigned{static_cast<unsigned char>(bytes[i])}; };
  const bool wrapped =
      bytes.size() >= 2 && (byte(0) & 15U) == 8 && (byte(0) * 256 + byte(1)) % 31 == 0;
  return unpack(bytes, max_bytes, name, wrapped ? MAX_WBITS : -MAX_WBITS, "deflate stream");
}

}  // namespace blip
