#include "app/sidecars/sidecar_names.hpp"

#include <gtest/gtest.h>

#include "tests/core/expect_error.hpp"

namespace blip::app {
namespace {

TEST(SidecarNames, AreThoseOfTheImagesButForTheEnding) {
  SidecarNames names(".txt", "");
  EXPECT_EQ(names.place("a/cat.jpg", "a"), "a/cat.txt");
  EXPECT_EQ(names.place("a/v1.2.png", ""), "a/v1.2.txt");
  EXPECT_EQ(names.place("a/noending", ""), "a/noending.txt");
  EXPECT_EQ(names.renamed(), 0U);
}

TEST(SidecarNames, ImagesThatDifferByTheirEndingsAloneKeepThem) {
  SidecarNames names(".caption", "");
  EXPECT_EQ(names.place("a.jpg", ""), "a.caption");
  EXPECT_EQ(names.place("./a.jpg", ""), "./a.caption") << "the same image again";
  EXPECT_EQ(names.place("a.png", ""), "a.png.caption");
  EXPECT_EQ(names.place("a.png", ""), "a.png.caption");
  EXPECT_EQ(names.place("a.webp", ""), "a.webp.caption");
  EXPECT_EQ(names.first_renamed(), "a.png");
  EXPECT_EQ(names.first_owner(), "a.jpg");
}

TEST(SidecarNames, AThirdImageWithoutAnyFreeNameIsRefused) {
  SidecarNames names(".txt", "");
  EXPECT_EQ(names.place("a.jpg", ""), "a.txt");
  EXPECT_EQ(names.place("a.png.jpg", ""), "a.png.txt");
  expect_error(ErrorCode::invalid_argument, "other images have the text files a.txt and a.png.txt",
               [&] { names.place("a.png", ""); });
}

TEST(SidecarNames, InAFolderOfTheirOwnTheyLieAsTheImagesDo) {
  SidecarNames names(".txt", "out");
  EXPECT_EQ(names.place("photos/cat.jpg", "photos"), "out/cat.txt");
  EXPECT_EQ(names.place("photos/deep/cat.jpg", "photos"), "out/deep/cat.txt");
  EXPECT_EQ(names.place("elsewhere/dog.jpg", ""), "out/dog.txt");
  EXPECT_EQ(names.place("other/cat.jpg", ""), "out/cat.jpg.txt") << "the first cat has cat.txt";
}

TEST(SidecarNames, OfAUrlTheLastPartCounts) {
  SidecarNames beside(".txt", "");
  expect_error(ErrorCode::invalid_argument, "has no folder to write beside",
               [&] { beside.place("https://host/cat.jpg", ""); });
  SidecarNames names(".txt", "out");
  EXPECT_EQ(names.place("https://host/photos/cat.jpg?size=2/3#x", ""), "out/cat.txt");
  expect_error(ErrorCode::invalid_argument, "has no name", [&] { names.place("-", ""); });
  for (const char* url :
       {"https://host", "https://host/", "https://host/a/..", "https://host/?q"}) {
    expect_error(ErrorCode::invalid_argument, "has no name", [&] { names.place(url, ""); });
  }
}

}  // namespace
}  // namespace blip::app
