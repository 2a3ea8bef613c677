#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"

namespace blip {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class BadFiles : public testing::Test {
 protected:
  BadFiles()
      : folder_(std::filesystem::temp_directory_path() /
                ("blip_bad_files_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~BadFiles() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream file(folder_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

struct Failure {
  ErrorCode code = ErrorCode::cancelled;
  std::string message;
};

Failure failure_of(const std::filesystem::path& path, const ImageOptions& options = {}) {
  try {
    Image::open(path, options);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    EXPECT_THAT(error.what(), StartsWith(path.string() + ": "));
    return {error.code(), error.what()};
  }
  return {};
}

TEST_F(BadFiles, DevicesAndSocketsAreNotOpened) {
  for (const char* device : {"/dev/zero", "/dev/null"}) {
    const auto failure = failure_of(device);
    EXPECT_EQ(failure.code, ErrorCode::unreadable);
    EXPECT_THAT(failure.message, EndsWith(": is a device, not a file"));
  }
  const std::string name = folder_ / "socket.png";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  std::copy(name.begin(), name.end(), address.sun_path);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(failure_of(name).message, EndsWith("socket.png: is a socket, not a file"));
  ::close(socket);
}

// As `blip caption <(curl …)` names one: it has no size, and gives its bytes piece by piece.
TEST_F(BadFiles, APipeIsNone) {
  const auto bytes = bytes_of(fixture_file("exif_6_png"));
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::jthread writer([&] {
    std::ofstream file(pipe, std::ios::binary);
    for (const std::byte byte : bytes) file.put(static_cast<char>(byte)).flush();
  });
  const Image read = Image::open(pipe);
  const Image expected = Image::decode(bytes);
  EXPECT_EQ(read.width(), expected.width());
  EXPECT_EQ(read.height(), expected.height());
}

TEST_F(BadFiles, AreNamedWithTheCause) {
  auto failure = failure_of(folder_ / "missing.jpg");
  EXPECT_EQ(failure.code, ErrorCode::not_found);
  EXPECT_THAT(failure.message, EndsWith("missing.jpg: no such file"));

  failure = failure_of(folder_);
  EXPECT_EQ(failure.code, ErrorCode::unreadable);
  EXPECT_THAT(failure.message, EndsWith(": is a directory"));

  failure = failure_of(write("empty.jpg", {}));
  EXPECT_EQ(failure.code, ErrorCode::malformed);
  EXPECT_THAT(failure.message, EndsWith("empty.jpg: empty file"));

  constexpr std::string_view kText = "A dog, in words only.";
  failure = failure_of(write("dog.jpg", std::as_bytes(std::span(kText))));
  EXPECT_EQ(failure.code, ErrorCode::unsupported);
  EXPECT_THAT(failure.message,
              EndsWith("dog.jpg: not an image, or a format that is not supported"));

  failure = failure_of(write("one.jpg", std::as_bytes(std::span("\xff", 1))));
  EXPECT_EQ(failure.code, ErrorCode::unsupported);
}

TEST_F(BadFiles, UnreadableIsSaidToBe) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const auto path = write("secret.jpg", bytes_of(fixture_file("exif_1_jpeg")));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const auto failure = failure_of(path);
  EXPECT_EQ(failure.code, ErrorCode::unreadable);
  EXPECT_THAT(failure.message, HasSubstr("ermission denied"));
}

TEST_F(BadFiles, OfFormatsForHostileHandsStayOff) {
  // SVG, PDF, PostScript: libvips may have loaders for them, none is ever asked.
  for (const std::string_view text :
       {"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "%PDF-1.4\n", "%!PS\n",
        "P6 1 1 255\nabc"}) {
    const auto failure = failure_of(write("document", std::as_bytes(std::span(text))));
    EXPECT_EQ(failure.code, ErrorCode::unsupported) << text;
  }
}

// No loader that is fit for files from strangers; the message says what they are.
TEST_F(BadFiles, OfOtherFormatsAreCalledByName) {
  const std::array<std::pair<std::string_view, const char*>, 8> heads = {{
      {std::string_view("\0\0\0\x0cjP  \r\n\x87\n", 12), "JPEG 2000"},
      {"\xff\x4f\xff\x51", "JPEG 2000"},
      {"P6 1 1 255\nabc", "PPM"},
      {"P1 1 1 1", "PBM"},
      {"\x0a\x05\x01\x08", "PCX"},
      {std::string_view("\0\0\1\0\1\0", 6), "ICO"},
      {std::string_view("\0\0\2pixels TRUEVISION-XFILE.\0", 28), "TGA"},
      {"8BPS", "Photoshop"},
  }};
  for (const auto& [head, format] : heads) {
    const auto failure = failure_of(write("picture", std::as_bytes(std::span(head))));
    EXPECT_EQ(failure.code, ErrorCode::unsupported) << format;
    EXPECT_THAT(failure.message,
                EndsWith(std::string("picture: ") + format + " is a format that is not supported"));
  }
}

TEST_F(BadFiles, CutShortAreRefused) {
  const auto cases = fixtures("decode");
  std::size_t cuts = 0;
  for (const auto& row : cases) {
    const std::string name = row[0];
    if (name.starts_with("gif_animated")) continue;  // half of it has the first frame
    const auto whole = bytes_of(fixture_file(name));
    for (const std::size_t keep : {whole.size() / 4, whole.size() / 2}) {
      const auto failure = failure_of(write(name, std::span(whole).first(keep)));
      EXPECT_EQ(failure.code, ErrorCode::malformed) << name << " of " << keep << " bytes";
      EXPECT_THAT(failure.message, HasSubstr("truncated or damaged")) << name;
      ++cuts;
    }
  }
  EXPECT_GE(cuts, 280U);
}

// Every single byte of a few small files, set to its complement: an Image or an Error, no crash.
TEST_F(BadFiles, DamagedAnywhereAreSurvived) {
  for (const char* name :
       {"exif_6_jpeg", "exif_6_png", "gif_transparent_19x13", "exif_3_webp",
        "bmp_4_bits__header_40__top_down_true_19x13", "bmp_rle4__top_down_false_19x13",
        "tiff_rgb_premultiplied_planar_tiles_19x13", "tiff_12_bits_19x13", "tiff_old_jpeg_19x13",
        "exif_6_avif"}) {
    auto bytes = bytes_of(fixture_file(name));
    ASSERT_FALSE(bytes.empty()) << name;
    std::size_t refused = 0;
    for (auto& byte : bytes) {
      byte = ~byte;
      try {
        static_cast<void>(Image::decode(bytes, {.max_pixels = 100'000}));
      } catch (const Error&) {
        ++refused;
      }
      byte = ~byte;
    }
    EXPECT_GT(refused, 0U) << name;
  }
}

TEST_F(BadFiles, TooManyPixelsAreRefusedByTheHeader) {
  struct Patch {
    const char* file;
    std::size_t at;
    std::vector<int> bytes;
  };
  // 50,000 is 0xc350: the sizes in the headers of files whose pixels are 19 x 13.
  const std::array<Patch, 3> patches = {{
      {"gif_p_19x13", 6, {0x50, 0xc3, 0x50, 0xc3}},
      {"bmp_rgb_19x13", 18, {0x50, 0xc3, 0, 0, 0x50, 0xc3, 0, 0}},
      // The signature, IHDR's length and name stay; its check sum is made for the new size.
      {"png_rgb_19x13",
       16,
       {0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50, 8, 2, 0, 0, 0, 0xc4, 0xcd, 0xaa, 0x9d}},
  }};
  for (const auto& patch : patches) {
    auto bytes = bytes_of(fixture_file(patch.file));
    for (std::size_t i = 0; i < patch.bytes.size(); ++i) {
      bytes.at(patch.at + i) = static_cast<std::byte>(patch.bytes[i]);
    }
    const auto failure = failure_of(write("huge", bytes));
    EXPECT_EQ(failure.code, ErrorCode::limit_exceeded) << patch.file << ": " << failure.message;
    EXPECT_THAT(failure.message, EndsWith("huge: 50000 x 50000 pixels, more than the limit of "
                                          "178956970"));
  }
}

TEST_F(BadFiles, TheLimitItselfIsAllowed) {
  const auto path = fixture_file("png_rgb_19x13");
  EXPECT_NO_THROW(Image::open(path, {.max_pixels = 19 * 13}));
  EXPECT_EQ(failure_of(path, {.max_pixels = 19 * 13 - 1}).code, ErrorCode::limit_exceeded);
}

TEST_F(BadFiles, AHugeJpegIsRefusedByItsHeader) {
  auto bytes = bytes_of(fixture_file("exif_1_jpeg"));
  constexpr std::array kFrame = {std::byte{0xff}, std::byte{0xc0}};
  const auto frame = std::search(bytes.begin(), bytes.end(), kFrame.begin(), kFrame.end());
  ASSERT_LT(frame - bytes.begin(), static_cast<std::ptrdiff_t>(bytes.size()) - 9);
  constexpr std::array kSize = {std::byte{0xc3}, std::byte{0x50}, std::byte{0xc3}, std::byte{0x50}};
  std::copy(kSize.begin(), kSize.end(), frame + 5);
  EXPECT_EQ(failure_of(write("huge.jpg", bytes)).code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace blip
