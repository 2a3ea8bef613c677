// The phrases that come with the interrogator, and those that take their place.
#include "app/phrase_lists.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace blip::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

TEST(PhraseLists, ComeWithTheProgram) {
  const PhraseLists lists = bundled_phrases();
  EXPECT_THAT(lists.mediums, Contains("an oil painting"));
  EXPECT_THAT(lists.movements, Contains("Impressionism"));
  EXPECT_THAT(lists.all_flavors(), IsSupersetOf({"in sharp focus", "candlelight"}));
  EXPECT_THAT(lists.negative, Contains("blurry"));
  EXPECT_THAT(lists.artists, IsEmpty());
  EXPECT_THAT(lists.trendings, IsEmpty());
}

TEST(PhraseLists, HaveEachPhraseOnceAndNoneThatACommaWouldPart) {
  const PhraseLists lists = bundled_phrases();
  std::set<std::string> seen;
  for (const auto& list : {lists.all_flavors(), lists.mediums, lists.movements}) {
    for (const std::string& phrase : list) {
      EXPECT_TRUE(seen.insert(phrase).second) << phrase;
      EXPECT_EQ(phrase.find(','), std::string::npos) << phrase;
      EXPECT_NE(phrase.front(), ' ') << phrase;
      EXPECT_NE(phrase.back(), ' ') << phrase;
    }
  }
}

TEST(PhraseLists, AreReplacedByName) {
  PhraseLists lists = bundled_phrases();
  lists.set("artists", {"X", "Y"});
  EXPECT_THAT(lists.artists, ElementsAre("by X", "by Y", "inspired by X", "inspired by Y"));
  lists.set("flavors", {"f"});
  lists.set("lighting", {"l"});
  lists.set("more", {"m"});
  EXPECT_THAT(lists.all_flavors(), ElementsAre("f", "l", "m"));
  for (const char* name : {"mediums", "movements", "trendings", "negative"})
    lists.set(name, {name});
  EXPECT_THAT(lists.mediums, ElementsAre("mediums"));
  EXPECT_THAT(lists.movements, ElementsAre("movements"));
  EXPECT_THAT(lists.trendings, ElementsAre("trendings"));
  EXPECT_THAT(lists.negative, ElementsAre("negative"));
}

}  // namespace
}  // namespace blip::app
