#include "app/library/picture_filter.hpp"

#include <gtest/gtest.h>

#include "blip/error.hpp"

namespace blip::app {
namespace {

search::KnownPicture picture_at(double latitude, double longitude) {
  search::KnownPicture picture;
  picture.path = "/a.jpg";
  picture.latitude = latitude;
  picture.longitude = longitude;
  return picture;
}

TEST(PictureFilter, SurroundingsAreCircles) {
  // The Eiffel Tower and Notre-Dame are 4.1 km apart.
  const search::KnownPicture notre_dame = picture_at(48.8530, 2.3499);
  PictureFilter filter;
  EXPECT_TRUE(filter.empty());
  filter.near = surroundings_of("48.8584,2.2945,4.2km");
  EXPECT_FALSE(filter.empty());
  EXPECT_TRUE(filter.fits(notre_dame));
  filter.near = surroundings_of("48.8584,2.2945,4000m");
  EXPECT_FALSE(filter.fits(notre_dame));
  EXPECT_FALSE(filter.fits({.path = "/without-a-place.jpg"}));
  filter.near = surroundings_of("0,179.99,10km");
  EXPECT_TRUE(filter.fits(picture_at(0, -179.99))) << "across the date line";
  filter.near = surroundings_of("90,0,500km");
  EXPECT_TRUE(filter.fits(picture_at(87, 150))) << "around the pole";
  filter.near = surroundings_of("48.8584,2.2945,0km");
  EXPECT_TRUE(filter.fits(picture_at(48.8584, 2.2945)));
  filter.near = surroundings_of("-33.9,18.4,30000km");
  EXPECT_TRUE(filter.fits(notre_dame)) << "all of the Earth";
}

TEST(PictureFilter, OtherPlacesAreRefused) {
  for (const char* text :
       {"", "48.8", "48.8,2.3", "48.8,2.3,10", "48.8,2.3,10mi", "91,0,1km", "0,181,1km", "0,0,-1km",
        "nan,0,1km", "inf,0,1km", "0,0,1e999km", "48.8, 2.3,10km", "48.8,2.3,10km "}) {
    EXPECT_THROW((void)surroundings_of(text), Error) << text;
  }
}

TEST(PictureFilter, CamerasAreNamedByPartsOfTheirNames) {
  search::KnownPicture picture;
  picture.path = "/a.jpg";
  PictureFilter filter;
  filter.cameras = {"canon"};
  EXPECT_FALSE(filter.fits(picture)) << "it does not say";
  picture.camera = "Canon EOS 80D";
  EXPECT_TRUE(filter.fits(picture));
  filter.cameras = {"nikon", "EOS*D"};
  EXPECT_TRUE(filter.fits(picture));
  filter.cameras = {"nikon"};
  EXPECT_FALSE(filter.fits(picture));
}

}  // namespace
}  // namespace blip::app
