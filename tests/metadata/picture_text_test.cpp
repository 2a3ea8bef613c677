// What becomes of text that is there already.
#include "metadata/picture_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blip::metadata {
namespace {

using ::testing::ElementsAre;

const PictureText kText{.description = "a cat", .subjects = {"cat"}, .alt = "A cat."};

TEST(PictureText, WhatIsThereIsAppendedToOnce) {
  EXPECT_EQ(appended("", "a cat", ", "), "a cat");
  EXPECT_EQ(appended("Rome", "a cat", ", "), "Rome, a cat");
  EXPECT_EQ(appended("Rome, a cat", "a cat", ", "), "Rome, a cat");
}

TEST(PictureText, SubjectsAreThereWhateverTheirCase) {
  std::vector<std::string> subjects = {"Cat", "sofa"};
  append_subjects(subjects, {"cat", "dog", "Dog"});
  EXPECT_THAT(subjects, ElementsAre("Cat", "sofa", "dog"));
}

TEST(PictureText, OnlyWhatIsMissingChangesWhatIsKept) {
  EXPECT_TRUE(changes({}, kText, Existing::keep));
  EXPECT_FALSE(changes(kText, kText, Existing::keep));
  const PictureText other{.description = "Rome", .subjects = {"x"}, .alt = "y"};
  EXPECT_FALSE(changes(other, kText, Existing::keep));
  EXPECT_TRUE(changes({.description = "Rome", .subjects = {"x"}}, kText, Existing::keep));
  EXPECT_FALSE(changes({.description = "Rome"}, {.description = "a cat"}, Existing::keep));
}

TEST(PictureText, AppendingAndReplacingChangeOnlyWhatIsOther) {
  for (const Existing existing : {Existing::append, Existing::replace}) {
    EXPECT_FALSE(changes(kText, kText, existing));
    EXPECT_TRUE(changes({.description = "Rome"}, {.description = "a cat"}, existing));
    EXPECT_TRUE(changes({.subjects = {"dog"}}, {.subjects = {"cat"}}, existing));
    EXPECT_FALSE(changes(kText, {}, existing)) << "empty fields change nothing";
  }
  EXPECT_FALSE(changes({.subjects = {"dog", "CAT"}}, {.subjects = {"cat"}}, Existing::append));
}

}  // namespace
}  // namespace blip::metadata
