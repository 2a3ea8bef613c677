// Words in picture files: put in and read back, the pixels as they were.
#include "metadata/embedded_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "metadata/exiv2_session.hpp"
#include "metadata/xmp_packet.hpp"

namespace blip::metadata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const PictureText kText{.description = "a cat", .subjects = {"cat", "sofa"}, .alt = "A cat."};

std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string with_words(const std::string& file, const PictureText& text = kText,
                       const MergeOptions& options = {}) {
  return with_embedded_text(file, container_of(file), text, options);
}

PictureText words_of(const std::string& file) {
  return embedded_text(container_of(file));
}

Image decoded(const std::string& file) {
  return Image::decode(std::as_bytes(std::span(file)));
}

bool decodes(const std::string& file) {
  try {
    return decoded(file).width() > 0;
  } catch (const Error&) {
    return false;
  }
}

// A JPEG with IPTC records, as Exiv2 writes them.
std::string with_iptc(const std::string& caption, const std::string& character_set) {
  const std::string file = bytes_in(std::string(BLIP_PICTURES) + "/exif_3_jpeg");
  return with_exiv2("test", [&] {
    const auto image = Exiv2::ImageFactory::open(reinterpret_cast<const Exiv2::byte*>(file.data()),
                                                 static_cast<long>(file.size()));
    image->readMetadata();
    if (!character_set.empty()) image->iptcData()["Iptc.Envelope.CharacterSet"] = character_set;
    image->iptcData()["Iptc.Application2.Caption"] = caption;
    image->iptcData()["Iptc.Application2.City"] = std::string("Rome");
    image->writeMetadata();
    Exiv2::BasicIo& io = image->io();
    io.open();
    std::string written(static_cast<std::size_t>(io.size()), '\0');
    io.read(reinterpret_cast<Exiv2::byte*>(written.data()), static_cast<long>(written.size()));
    return written;
  });
}

TEST(EmbeddedText, ComesBackOutOfEveryFileAndChangesNoPixel) {
  std::array<int, 4> written = {};
  for (const auto& entry : std::filesystem::directory_iterator(BLIP_PICTURES)) {
    SCOPED_TRACE(entry.path().filename().string());
    const std::string file = bytes_in(entry.path());
    // Pillow reads files that end within their last check sum, Exiv2 does not.
    const bool is_cut = entry.path().filename().string().find("_cut_") != std::string::npos;
    if (is_cut || !decodes(file)) continue;
    const Container container = container_of(file);
    if (!container.obstacle.empty()) {
      EXPECT_THROW((void)with_words(file), Error);
      continue;
    }
    const std::string changed = with_words(file);
    EXPECT_EQ(words_of(changed), kText);
    const Image before = decoded(file);
    const Image after = decoded(changed);
    EXPECT_EQ(before.width(), after.width());
    EXPECT_TRUE(std::ranges::equal(before.pixels(), after.pixels()));
    // A second time, with more.
    const std::string again =
        with_words(changed, {.description = "b"}, {.existing = Existing::append});
    EXPECT_EQ(words_of(again).description, "a cat, b");
    EXPECT_EQ(words_of(again).subjects, kText.subjects);
    ++written[static_cast<std::size_t>(container.kind)];
  }
  for (const int count : written) EXPECT_GT(count, 3);
}

TEST(EmbeddedText, IptcThatIsThereSaysTheSame) {
  const std::string file = with_iptc("Old caption", "");
  EXPECT_EQ(words_of(file).description, "Old caption");
  const std::string kept = with_words(file);
  EXPECT_EQ(words_of(kept).description, "Old caption") << "IPTC's text is text that is there";
  EXPECT_EQ(words_of(kept).subjects, kText.subjects);
  const Container appended = container_of(with_words(file, kText, {.existing = Existing::append}));
  EXPECT_THAT(appended.iptc, HasSubstr("Old caption, a cat"));
  EXPECT_THAT(appended.iptc, HasSubstr("sofa"));
  EXPECT_THAT(appended.iptc, HasSubstr("Rome"));
  const Container replaced = container_of(with_words(file, kText, {.existing = Existing::replace}));
  EXPECT_THAT(replaced.iptc, ::testing::Not(HasSubstr("Old caption")));
  EXPECT_THAT(replaced.iptc, HasSubstr("Rome"));
}

TEST(EmbeddedText, FilesWithoutIptcGetNone) {
  const std::string file = bytes_in(std::string(BLIP_PICTURES) + "/exif_3_jpeg");
  EXPECT_EQ(container_of(with_words(file)).iptc, "");
}

TEST(EmbeddedText, IptcOfOtherEncodingsIsReadAndNotSpoilt) {
  const std::string latin = with_iptc("Caf\xE9", "");
  EXPECT_EQ(words_of(latin).description, "Caf\xC3\xA9");
  const Container both = container_of(
      with_words(latin, {.subjects = {"na\xC3\xAFve"}}, {.existing = Existing::append}));
  EXPECT_THAT(both.iptc, HasSubstr("Caf\xE9"));
  EXPECT_THAT(both.iptc, HasSubstr("na\xEFve"));
  const Container described = container_of(
      with_words(latin, {.description = "a cat \xE2\x82\xAC"}, {.existing = Existing::append}));
  EXPECT_THAT(described.iptc, HasSubstr("Caf\xE9, a cat ?"));
  const std::string utf8 = with_iptc("Caf\xC3\xA9", "\033%G");
  EXPECT_EQ(words_of(utf8).description, "Caf\xC3\xA9");
}

TEST(EmbeddedText, IptcThatCannotBeReadIsNotLost) {
  std::string file = with_iptc("Old caption", "");
  const std::string city("\x1C\x02\x5A\x00\x04Rome", 9);
  const std::size_t at = file.find(city);
  ASSERT_NE(at, std::string::npos);
  file[at + 4] = 0x44;  // its length leads behind the end
  EXPECT_THAT(container_of(file).obstacle, HasSubstr("IPTC"));
  EXPECT_THROW((void)with_words(file), Error);
}

TEST(EmbeddedText, WordsThatHaveNoRoomAreRefused) {
  const std::string file = bytes_in(std::string(BLIP_PICTURES) + "/exif_3_jpeg");
  EXPECT_THROW((void)with_words(file, {.description = std::string(70'000, 'x')}), Error)
      << "a segment of JPEG has 65,533 bytes";
}

TEST(EmbeddedText, XmpThatCannotBeReadIsNotWrittenOver) {
  std::string file = with_words(bytes_in(std::string(BLIP_PICTURES) + "/exif_3_jpeg"));
  file.replace(file.find("<rdf:RDF"), 8, "<rdf:RDX");
  EXPECT_THROW((void)words_of(file), Error);
  EXPECT_THROW((void)with_words(file), Error);
}

}  // namespace
}  // namespace blip::metadata
