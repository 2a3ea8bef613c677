#include "core/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

std::string packed(const std::string& text) {
  constexpr int kGzip = 16;
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gzip, Unpacks) {
  EXPECT_EQ(unpack_gzip(packed(""), 0, "file.gz"), "");
  EXPECT_EQ(unpack_gzip(packed("a cat"), 5, "file.gz"), "a cat");
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += std::to_string(i);
  EXPECT_EQ(unpack_gzip(packed(text), text.size(), "file.gz"), text);
}

TEST(Gzip, RefusesWhatIsDamaged) {
  const std::string whole = packed("a cat and a dog and a cat");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::malformed, "file.gz: truncated or damaged gzip file",
                 [&] { static_cast<void>(unpack_gzip(whole.substr(0, size), 100, "file.gz")); });
  }
  std::string flipped = whole;
  flipped[whole.size() - 5] ^= 1;  // of the check sum
  expect_error(ErrorCode::malformed, "truncated or damaged",
               [&] { static_cast<void>(unpack_gzip(flipped, 100, "file.gz")); });
  expect_error(ErrorCode::malformed, "file.gz: bytes after the end",
               [&] { static_cast<void>(unpack_gzip(whole + "x", 100, "file.gz")); });
}

TEST(Gzip, StopsAtTheLimit) {
  const std::string bomb = packed(std::string(50'000'000, ' '));
  ASSERT_LT(bomb.size(), 100'000U);
  expect_error(ErrorCode::limit_exceeded, "file.gz: unpacks to more than 1000000 bytes",
               [&] { static_cast<void>(unpack_gzip(bomb, 1'000'000, "file.gz")); });
  expect_error(ErrorCode::limit_exceeded, "unpacks to more than 4 bytes",
               [&] { static_cast<void>(unpack_gzip(packed("a cat"), 4, "file.gz")); });
}

}  // namespace
}  // namespace blip
