// Containers: where XMP and IPTC are in picture files, and which files nothing is put into.
#include "metadata/container.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "blip/error.hpp"

namespace blip::metadata {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;

std::string file(const std::string& name) {
  std::ifstream stream(std::string(BLIP_PICTURES) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string segment(char marker, const std::string& data) {
  const std::size_t size = data.size() + 2;
  return "\xFF"s + marker + static_cast<char>(size >> 8U) + static_cast<char>(size & 0xFFU) + data;
}

const std::string kXmp = "http://ns.adobe.com/xap/1.0/\0"s;

TEST(Container, KnowsTheFormatsByTheirFirstBytes) {
  EXPECT_EQ(container_of(file("exif_3_png")).kind, ContainerKind::png);
  EXPECT_EQ(container_of(file("exif_3_jpeg")).kind, ContainerKind::jpeg);
  EXPECT_EQ(container_of(file("exif_3_webp")).kind, ContainerKind::webp);
  EXPECT_EQ(container_of(file("exif_3_tiff")).kind, ContainerKind::tiff);
  for (const char* name : {"gif_rgb_19x13", "bmp_rgb_19x13", "exif_3_avif"}) {
    EXPECT_EQ(container_of(file(name)).kind, ContainerKind::other);
    EXPECT_NE(container_of(file(name)).obstacle, "");
  }
  EXPECT_NE(container_of("").obstacle, "");
}

TEST(Container, FindsTheXmpOfJpeg) {
  const std::string rest = "\xFF\xDA";
  const std::string one = "\xFF\xD8"s + segment('\xE1', kXmp + "<a/>");
  EXPECT_THAT(container_of(one + rest).packets, ElementsAre("<a/>"));
  EXPECT_EQ(container_of(one + rest).obstacle, "");
  const Container two = container_of(one + segment('\xE1', kXmp + "<b/>") + rest);
  EXPECT_THAT(two.packets, ElementsAre("<a/>", "<b/>"));
  EXPECT_EQ(two.obstacle, "has several XMP packets");
  EXPECT_EQ(container_of(one + segment('\xE2', "MPF\0II"s) + rest).obstacle,
            "holds several pictures (MPF)");
}

TEST(Container, FindsTheIptcOfJpeg) {
  const std::string resources =
      "8BIM\x04\x25\0\0\0\0\0\x01x\0"s + "8BIM\x04\x04\0\0\0\0\0\x03"s + "abc\0"s;
  const std::string jpeg =
      "\xFF\xD8"s + segment('\xED', "Photoshop 3.0\0"s + resources) + "\xFF\xD9";
  EXPECT_EQ(container_of(jpeg).iptc, "abc");
}

TEST(Container, FindsTheXmpOfPng) {
  const auto chunk = [](const std::string& type, const std::string& data) {
    return "\0\0\0"s + static_cast<char>(data.size()) + type + data + "CRC.";
  };
  const std::string start = "\x89PNG\r\n\x1a\n"s;
  const std::string end = chunk("IEND", "");
  EXPECT_THAT(container_of(start + chunk("iTXt", "XML:com.adobe.xmp\0\0\0\0\0<a/>"s) + end).packets,
              ElementsAre("<a/>"));
  EXPECT_THAT(
      container_of(start + chunk("tEXt", "Raw profile type xmp\0\nxmp\n   4\n3c612f\n3e\n"s) + end)
          .packets,
      ElementsAre("<a/>"));
  // zlib.compress(b"<a/>")
  const std::string packed = "x\x9c\xb3I\xd4\xb7\x03\0\x02\xb3\x01\x0b"s;
  EXPECT_THAT(
      container_of(start + chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0"s + packed) + end).packets,
      ElementsAre("<a/>"));
  EXPECT_THROW((void)container_of(start + chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0no zlib"s)),
               Error);

  std::string many = start;
  for (int i = 0; i < 1000; ++i) many += chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0"s + packed);
  // What would be refused is not looked at any more.
  many += chunk("iTXt", "XML:com.adobe.xmp\0\1\0\0\0no zlib"s);
  EXPECT_THAT(container_of(many + end).packets, ElementsAre("<a/>", "<a/>"));
  EXPECT_EQ(container_of(many + end).obstacle, "has several XMP packets");

  EXPECT_EQ(container_of(start + end).obstacle, "");
  EXPECT_EQ(container_of(start + end + "film").obstacle, "has data behind the end of the picture");
}

TEST(Container, DamagedFilesAreRefused) {
  const std::vector<std::string> damaged = {
      "\xFF\xD8\xFF\xE1\0\x40short"s,
      "\xFF\xD8\xFF\xE1\0\1"s,
      "\x89PNG\r\n\x1a\n\0\0\1\0iTXtx"s,
      "RIFF\x20\0\0\0WEBPXMP \xFF\0\0\0x"s,
      "II*\0\xFF\xFF\0\0"s,
      "MM\0*\0\0\0\x08\xFF\xFF"s,
      "II*\0\x08\0\0\0\1\0\xBC\2\1\0\xFF\xFF\xFF\xFF\x08\0\0\0\0\0\0\0"s};
  for (const std::string& bytes : damaged) {
    EXPECT_THROW((void)container_of(bytes), Error) << bytes;
  }
}

TEST(Container, TiffOfSeveralPagesAreLeftAlone) {
  const std::string page = "\0\0"s;
  EXPECT_EQ(container_of("II*\0\x08\0\0\0"s + page + "\x20\0\0\0"s).obstacle, "has several pages");
  EXPECT_EQ(container_of("II*\0\x08\0\0\0"s + page + "\0\0\0\0"s).obstacle, "");
  EXPECT_EQ(container_of("II+\0\x08\0\0\0"s + std::string(8, '\0')).obstacle, "is a BigTIFF file");
}

TEST(Container, EveryPictureOfTheTestsAddsUp) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BLIP_PICTURES)) {
    const std::string name = entry.path().filename().string();
    if (name.find("cut") != std::string::npos) continue;
    EXPECT_NO_THROW((void)container_of(file(name))) << name;
    ++count;
  }
  EXPECT_GT(count, 200U);
}

}  // namespace
}  // namespace blip::metadata
