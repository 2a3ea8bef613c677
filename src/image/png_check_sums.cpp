#include "image/png_check_sums.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace blip::image {
namespace {

std::uint32_t check_sum(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
  }
  return value;
}

void append_number(std::uint32_t value, std::vector<std::byte>& target) {
  for (std::uint32_t shift = 32; shift > 0; shift -= 8) {
    target.push_back(static_cast<std::byte>(value >> (shift - 8) & 0xffU));
  }
}

void append_chunk(std::span<const std::byte> name_and_body, std::vector<std::byte>& target) {
  constexpr std::size_t kName = 4;
  append_number(static_cast<std::uint32_t>(name_and_body.size() - kName), target);
  target.insert(target.end(), name_and_body.begin(), name_and_body.end());
  append_number(check_sum(name_and_body), target);
}

// The pixels' stream, unpacked to see whether it is whole. It may end before its check sum.
class Stream {
 public:
  Stream() { is_sound_ = inflateInit(&state_) == Z_OK; }
  ~Stream() { inflateEnd(&state_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void add(std::span<const std::byte> bytes) {
    // More than any picture within the limits has; what follows is not looked at.
    constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
    // zlib's interface is older than const.
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    state_.avail_in = static_cast<uInt>(bytes.size());
    std::array<Bytef, 1 << 14> discarded;  // NOLINT: filled by inflate
    while (is_sound_ && !is_at_end_ && state_.avail_in > 0 && state_.total_out < kMost) {
      state_.next_out = discarded.data();
      state_.avail_out = static_cast<uInt>(discarded.size());
      const int result = inflate(&state_, Z_NO_FLUSH);
      is_at_end_ = result == Z_STREAM_END;
      is_sound_ = result == Z_OK || result == Z_BUF_ERROR || is_at_end_;
    }
  }
  [[nodiscard]] bool is_sound() const { return is_sound_; }

  /// What is missing of the stream's own check sum, if that alone is missing.
  std::optional<std::vector<std::byte>> missing_end() {
    if (is_at_end_) return std::vector<std::byte>();
    std::vector<std::byte> sum;
    append_number(static_cast<std::uint32_t>(state_.adler), sum);
    for (std::size_t missing = 1; is_sound_ && missing <= sum.size(); ++missing) {
      const auto end = std::span(sum).last(missing);
      if (ends_with(end)) return std::vector<std::byte>(end.begin(), end.end());
    }
    return std::nullopt;
  }

 private:
  bool ends_with(std::span<const std::byte> end) {
    z_stream copy{};
    if (inflateCopy(&copy, &state_) != Z_OK) return false;
    std::array<std::byte, 4> source{};
    std::ranges::copy(end, source.begin());
    Bytef discarded = 0;
    copy.next_in = reinterpret_cast<Bytef*>(source.data());
    copy.avail_in = static_cast<uInt>(end.size());
    copy.next_out = &discarded;
    copy.avail_out = 1;
    const bool is_end = inflate(&copy, Z_NO_FLUSH) == Z_STREAM_END && copy.avail_out == 1;
    inflateEnd(&copy);
    return is_end;
  }

  z_stream state_{};
  bool is_sound_ = false;
  bool is_at_end_ = false;
};

}  // namespace

std::optional<std::vector<std::byte>> with_right_check_sums(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kName = 4;
  constexpr std::size_t kFrame = 12;  // length, name and check sum
  if (bytes.size() < kSignature) return std::nullopt;
  std::vector<std::byte> mended(bytes.begin(), bytes.begin() + kSignature);
  Stream stream;
  bool has_changed = false;
  for (std::size_t at = kSignature; bytes.size() - at >= 2 * kName;) {
    const std::size_t left = bytes.size() - at;
    const std::size_t length = big_endian(bytes, at);
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + at + kName, kName);
    const bool is_whole = left >= kFrame && length <= left - kFrame;
    if (name != "IDAT"sv) {
      if (!is_whole) break;
      mended.insert(mended.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at + kFrame + length));
    } else {
      const std::size_t body = std::min(length, left - 2 * kName);
      const auto chunk = bytes.subspan(at + kName, kName + body);
      stream.add(chunk.subspan(kName));
      if (!is_whole) {
        const auto end = stream.missing_end();
        if (!end) return std::nullopt;
        std::vector<std::byte> completed(chunk.begin(), chunk.end());
        completed.insert(completed.end(), end->begin(), end->end());
        append_chunk(completed, mended);
        append_chunk(std::as_bytes(std::span("IEND"sv)), mended);
        has_changed = true;
        break;
      }
      append_chunk(chunk, mended);
      const std::size_t sum_at = at + 2 * kName + length;
      has_changed |= big_endian(bytes, sum_at) != check_sum(chunk);
    }
    at += kFrame + length;
  }
  if (!has_changed || !stream.is_sound()) return std::nullopt;
  return mended;
}

}  // namespace blip::image
