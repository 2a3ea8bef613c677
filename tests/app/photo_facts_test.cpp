#include "app/library/photo_facts.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/library/picture_filter.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

// What Pillow 11 writes for a Canon EOS 80D, taken on 2024-06-01 at 12:30 and edited on 2024-07-02,
// at 48° 51' 30" N, 2° 17' 40.2" W: the APP1 segment of a JPEG file, without its pixels.
constexpr std::string_view kExif =
    "ffd8ffe101064578696600004d4d002a000000080005010f0002000000060000004a011000020000000e0000005001"
    "32"
    "0002000000140000005e8769000400000001000000728825000400000001000000980000000043616e6f6e0043616e"
    "6f"
    "6e20454f532038304400323032343a30373a30322031303a30303a3030000001900300020000001400000084000000"
    "00"
    "323032343a30363a30312031323a33303a303000000400010002000000024e0000000002000500000003000000ce00"
    "03"
    "000200000002570000000004000500000003000000e600000000000000300000000100000033000000010000001e00"
    "00"
    "000100000002000000010000001100000001000000c900000005ffd9";

std::vector<std::byte> exif_file() {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < kExif.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(kExif.data() + i, kExif.data() + i + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

TEST(PhotoFacts, SayWhenWhereAndByWhatAPhotoWasTaken) {
  const PhotoFacts facts = photo_facts(exif_file());
  EXPECT_EQ(facts.taken, "2024-06-01T12:30:00");
  EXPECT_EQ(facts.camera, "Canon EOS 80D");
  EXPECT_NEAR(facts.latitude.value(), 48.858333, 1e-6);
  EXPECT_NEAR(facts.longitude.value(), -2.2945, 1e-6);
}

TEST(PhotoFacts, OfAnythingElseThereAreNone) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, std::size_t{20}}) {
    std::vector<std::byte> bytes = exif_file();
    bytes.resize(size);
    EXPECT_FALSE(photo_facts(bytes).taken) << size;
  }
  EXPECT_FALSE(photo_facts(std::vector<std::byte>(100)).camera);
}

// Every byte of it changed: read or left out.
TEST(PhotoFacts, DamageIsLeftOut) {
  const std::vector<std::byte> whole = exif_file();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::byte> bytes = whole;
    bytes[at] ^= std::byte{0xFF};
    const PhotoFacts facts = photo_facts(bytes);
    EXPECT_TRUE(!facts.taken || facts.taken->size() == 19);
    EXPECT_TRUE(!facts.latitude || std::abs(*facts.latitude) <= 90);
    EXPECT_EQ(facts.latitude.has_value(), facts.longitude.has_value());
  }
}

search::KnownPicture picture(const std::string& path, std::optional<std::string> taken) {
  return {.id = 1, .path = path, .state = {}, .hash = {}, .taken = std::move(taken)};
}

TEST(PictureFilter, MomentsAreTheFirstOfADate) {
  EXPECT_EQ(first_moment("2024"), "2024-01-01T00:00:00");
  EXPECT_EQ(first_moment("2024-06"), "2024-06-01T00:00:00");
  EXPECT_EQ(first_moment("2024-06-30"), "2024-06-30T00:00:00");
  for (const char* date : {"", "24", "2024-", "2024-13", "2024-00", "2024-06-32", "2024/06/01",
                           "-024", "2024-6-1", "2024-06-01T", "today"}) {
    EXPECT_THROW((void)first_moment(date), Error) << date;
  }
}

TEST(PictureFilter, DatesAreFromTo) {
  PictureFilter filter;
  filter.after = first_moment("2024-06");
  filter.before = first_moment("2024-07");
  EXPECT_TRUE(filter.fits(picture("/a.jpg", "2024-06-01T00:00:00")));
  EXPECT_TRUE(filter.fits(picture("/a.jpg", "2024-06-30T23:59:59")));
  EXPECT_FALSE(filter.fits(picture("/a.jpg", "2024-05-31T23:59:59")));
  EXPECT_FALSE(filter.fits(picture("/a.jpg", "2024-07-01T00:00:00")));
  EXPECT_FALSE(filter.fits(picture("/a.jpg", std::nullopt))) << "its file is of 1970";
}

TEST(PictureFilter, PatternsFitPathsOrTheirEnds) {
  PictureFilter filter;
  filter.paths = {"Trips/*", "/home/*/x.png"};
  EXPECT_TRUE(filter.fits(picture("/home/me/Trips/2024/a.jpg", {})));
  EXPECT_TRUE(filter.fits(picture("/home/me/x.png", {})));
  EXPECT_FALSE(filter.fits(picture("/home/me/RoadTrips/a.jpg", {})));
  EXPECT_FALSE(filter.fits(picture("/media/home/me/x.png", {})));
}

}  // namespace
}  // namespace blip::app
